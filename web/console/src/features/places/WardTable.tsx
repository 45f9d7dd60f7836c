import { dateTime, duration, shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { placesStrings } from "./strings";
import { useDeviceWords } from "./useDeviceWords";
import type { Device, Group } from "./wardList";
import classes from "./WardList.module.css";

/** The devices of one ward. Its head stands on each page that it takes. */
export function WardTable({ group, at }: { group: Group; at: string }) {
  const t = useT(placesStrings);
  const { place, devices } = group;
  const title = place.kind === "ward" ? place.words : t("list.noWard", { name: place.words });
  return (
    <section className={classes.ward}>
      <table className={classes.table} aria-label={title}>
        <thead>
          <tr>
            <th colSpan={6} className={classes.head}>
              <span className={classes.title}>{title}</span>
              <span className={classes.asOf}>
                {t("list.total", { count: devices.length })}
                {" · "}
                {t("list.short", { time: dateTime(at) })}
              </span>
            </th>
          </tr>
          <tr>
            <th scope="col" className={classes.tag}>
              {t("list.assetTag")}
            </th>
            <th scope="col" className={classes.serial}>
              {t("list.serial")}
            </th>
            <th scope="col">{t("list.classAndModel")}</th>
            <th scope="col">{t("list.holder")}</th>
            <th scope="col">{t("list.state")}</th>
            <th scope="col" className={classes.seen}>
              {t("list.lastSeen")}
            </th>
          </tr>
        </thead>
        <tbody>
          {devices.map((device) => (
            <Row device={device} at={at} key={device.id} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ device, at }: { device: Device; at: string }) {
  const t = useT(placesStrings);
  const words = useDeviceWords();
  const elsewhere = words.elsewhere(device);
  const [first, ...more] = words.state(device);
  return (
    <tr>
      <td className={classes.code}>{device.asset_tag}</td>
      <td className={classes.code}>{device.serial}</td>
      <td>
        {words.class(device)}
        <small>{words.model(device)}</small>
      </td>
      <td>{device.owner}</td>
      <td>
        <b>{first}</b>
        {more.map((line) => (
          <small key={line}>{line}</small>
        ))}
      </td>
      <td>
        {device.last_seen_at ? (
          <>
            {shortTime(device.last_seen_at, new Date(at).getTime())}
            <small>{t("list.ago", { age: duration(device.last_seen_age_seconds ?? 0) })}</small>
          </>
        ) : (
          t("list.neverHeard")
        )}
        {elsewhere && <small>{t("list.lastSeenIn", { place: elsewhere })}</small>}
      </td>
    </tr>
  );
}
