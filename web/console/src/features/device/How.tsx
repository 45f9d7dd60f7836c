import { Text } from "@mantine/core";
import { IconStethoscope } from "@tabler/icons-react";
import { number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { Card, Fact, Facts, FromSource } from "./Facts";
import { lengthOfTime } from "./length";
import { deviceStrings } from "./strings";
import { speaks, wrongClock, type Device } from "./useDevice";

/** How it is, as it said itself, and what this level of management leaves in the dark. */
export function How({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  const say = useWords();
  const age = device.last_seen_age_seconds;
  const yesNo = (value: boolean | null) => (value === null ? undefined : value ? t("how.yes") : <b>{t("how.no")}</b>);
  const off = device.clock_offset_seconds;
  return (
    <Card title={t("how.title")} icon={IconStethoscope} aside={age !== null && <FromSource source="device" age={age} at={device.last_seen_at} />}>
      {speaks(device) && (
        <Text size="sm" mb="sm">
          <b>{say("management", device.management)}.</b> {t(device.management === "apple" ? "level.apple" : "level.agent")}
        </Text>
      )}
      {!speaks(device) && age === null ? (
        <Text size="sm" c="dimmed">
          {t("how.doesNotReport")}
        </Text>
      ) : (
        <Facts>
          {age === null && <Fact label={t("how.lastSeen")} unknown={t("how.never")} />}
          <Fact label={t("how.battery")}>
            {device.battery_percent !== null && `${number(device.battery_percent)} %, ${device.charging ? t("how.charging") : t("how.notCharging")}`}
          </Fact>
          <Fact label={t("how.encrypted")} unknown={t("how.cannotSay")}>
            {yesNo(device.storage_encrypted)}
          </Fact>
          <Fact label={t("how.passcode")} unknown={t("how.cannotSay")}>
            {yesNo(device.passcode_set)}
          </Fact>
          {age !== null && (
            <>
              <Fact label={t("how.lock")}>
                {device.locked ? t("how.locked") : t("how.unlocked")}
              </Fact>
              {device.model.capabilities.includes("lost_mode_on") && (
                <Fact label={t("how.lostMode")}>
                  {device.lost_mode ? t("how.on") : t("how.off")}
                </Fact>
              )}
              <Fact label={t("how.clock")}>
                {Math.abs(off) < wrongClock ? t("how.clockRight") : <b>{`${lengthOfTime(Math.abs(off))} ${off > 0 ? t("warn.ahead") : t("warn.behind")}`}</b>}
              </Fact>
            </>
          )}
          {device.model.wipe_erases && <Fact label={t("how.wipe")}>{device.model.wipe_erases}</Fact>}
          {device.model.wipe_keeps && <Fact label={t("how.wipeKeeps")}>{device.model.wipe_keeps}</Fact>}
        </Facts>
      )}
    </Card>
  );
}
