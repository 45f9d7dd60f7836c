import { Group, Text } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useMemo } from "react";
import { useT } from "../../i18n/strings";
import { HoldBadge, TherapyBadge } from "../../ui/badges";
import type { ColumnDef } from "../../ui/ListTable";
import { RowLink } from "../../ui/RowLink";
import { Time } from "../../ui/Time";
import { uiStrings } from "../../ui/strings";
import { useWords } from "../../words/words";
import { FactBadge } from "./FactBadge";
import classes from "./columns.module.css";
import { devicesStrings } from "./strings";
import type { Device } from "./useDeviceList";

/** The columns that can be chosen, in the order in which they stand. The serial number is always there. */
const columns = {
  asset_tag: { size: 115, sort: "asset_tag" },
  class: { size: 185 },
  model: { size: 190 },
  owner: { size: 130, sort: "owner" },
  place: { size: 145 },
  state: { size: 200 },
  last_seen: { size: 150, sort: "last_seen" },
  stage: { size: 140 },
  condition: { size: 130 },
  custody: { size: 170 },
  management: { size: 140 },
  battery: { size: 90 },
  certificate: { size: 130 },
  heard_in: { size: 160 },
  software: { size: 130 },
  tags: { size: 160 },
  imei: { size: 150 },
  mac: { size: 150 },
  lot: { size: 110 },
  updated: { size: 130, sort: "updated" },
} as const satisfies Record<string, { size: number; sort?: string }>;

export type ColumnName = keyof typeof columns;
export const columnNames = Object.keys(columns) as ColumnName[];
const usual: ColumnName[] = ["asset_tag", "class", "owner", "place", "state", "last_seen"];

/** Which columns I want to see; remembered in this browser. */
export function useColumnChoice() {
  const [chosen, setChosen] = useLocalStorage<ColumnName[]>({ key: "wardline.devices.columns", defaultValue: usual, getInitialValueInEffect: false });
  const known = useMemo(() => columnNames.filter((name) => chosen.includes(name)), [chosen]);
  return { chosen: known, setChosen, reset: () => setChosen(usual) };
}

export function useColumns(chosen: ColumnName[]): ColumnDef<Device>[] {
  const t = useT(devicesStrings);
  const cells = useCells();
  return useMemo(() => {
    const serial: ColumnDef<Device> = {
      id: "serial",
      header: t("columns.serial"),
      size: 125,
      meta: { sort: "serial" },
      cell: ({ row: { original: d } }) => <RowLink to={`/devices/${d.id}`}>{d.serial}</RowLink>,
    };
    const others = chosen.map((name): ColumnDef<Device> => {
      const { size, sort }: { size: number; sort?: string } = columns[name];
      return { id: name, header: t(`columns.${name}`), size, meta: { sort }, cell: ({ row }) => cells[name](row.original) };
    });
    return [serial, ...others];
  }, [chosen, cells, t]);
}

function useCells(): Record<ColumnName, (device: Device) => React.ReactNode> {
  const t = useT(devicesStrings);
  const ui = useT(uiStrings);
  const say = useWords();
  return useMemo(
    () => ({
      asset_tag: (d) => d.asset_tag,
      class: (d) => say("class", d.class),
      model: (d) => `${d.model.maker} ${d.model.name}`,
      owner: (d) => d.owner,
      place: (d) => <PlaceName place={d.place} />,
      state: (d) => <State device={d} />,
      last_seen: (d) => <Time at={d.last_seen_at} />,
      stage: (d) => say("stage", d.stage),
      condition: (d) => say("condition", d.condition),
      custody: (d) => [say("custody", d.custody.kind), d.custody.which].filter(Boolean).join(": "),
      management: (d) => say("management", d.management),
      battery: (d) => (d.battery_percent === null ? <Dim>{ui("unknown")}</Dim> : t(d.charging ? "charging" : "battery", { percent: d.battery_percent })),
      certificate: (d) => <CertificateDays device={d} />,
      heard_in: (d) => (d.location_withheld ? <Dim>{t("withheld")}</Dim> : <PlaceName place={d.location?.place} />),
      software: (d) => d.software.software_version || d.software.os_version,
      tags: (d) => d.tags.join(", "),
      imei: (d) => d.imei,
      mac: (d) => d.mac,
      lot: (d) => d.lot,
      updated: (d) => <Time at={d.updated_at} />,
    }),
    [t, ui, say],
  );
}

/** The ward; the way down to it is in the title. */
function PlaceName({ place }: { place: Device["place"] }) {
  return <span title={place?.words}>{place?.name}</span>;
}

function Dim({ children }: { children: string }) {
  return (
    <Text span size="sm" c="dimmed">
      {children}
    </Text>
  );
}

/** What is true of it now and not usual. */
export function State({ device }: { device: Device }) {
  const t = useT(devicesStrings);
  return (
    <Group gap={4} wrap="nowrap" className={classes.state}>
      <TherapyBadge state={device.therapy?.state} />
      {device.holds.map((hold) => (
        <HoldBadge kind={hold.kind} key={hold.kind} />
      ))}
      {device.locked && <FactBadge fact="locked">{t("locked")}</FactBadge>}
      {device.lost_mode && <FactBadge fact="lostMode">{t("lostMode")}</FactBadge>}
    </Group>
  );
}

function CertificateDays({ device }: { device: Device }) {
  const t = useT(devicesStrings);
  const say = useWords();
  const certificate = device.certificate;
  if (!certificate) return <Dim>{t("noCertificate")}</Dim>;
  if (certificate.status !== "active" && certificate.status !== "valid") return say("certificateStatus", certificate.status);
  return t(certificate.days_left < 0 ? "daysAgo" : "daysLeft", { count: Math.abs(certificate.days_left) });
}

/** A device as one cell of several lines, for narrow screens. */
export function Card({ device }: { device: Device }) {
  const t = useT(devicesStrings);
  const say = useWords();
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <RowLink to={`/devices/${device.id}`}>{[device.serial, device.asset_tag].filter(Boolean).join(" · ")}</RowLink>
        <Text span size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
          {device.last_seen_at ? <Time at={device.last_seen_at} /> : t("neverHeard")}
        </Text>
      </Group>
      <Text size="xs" c="dimmed" truncate>
        {[say("class", device.class), device.owner, device.place?.name].filter(Boolean).join(" · ")}
      </Text>
      <State device={device} />
    </div>
  );
}
