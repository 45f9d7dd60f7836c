import { Text } from "@mantine/core";
import { useT } from "../i18n/strings";
import { relative } from "../i18n/format";
import type { OwnDevice } from "./client";
import { selfStrings } from "./strings";

/** Which device it is, and when it was last heard of. */
export function DeviceLine({ device }: { device: OwnDevice }) {
  const t = useT(selfStrings);
  const age = device.last_seen_age_seconds;
  return (
    <>
      <Text fw={600}>{device.class_words}</Text>
      <Text size="sm">{[device.model, device.asset_tag || device.serial].filter(Boolean).join(" · ")}</Text>
      <Text size="sm" c="dimmed">
        {!device.reachable ? t("device.recordShort") : age === null ? t("device.neverHeard") : t("device.heard", { when: relative(-age) })}
      </Text>
      {device.lost && (
        <Text size="sm" fw={600}>
          {t(device.stolen ? "device.stolen" : "device.lost")}
        </Text>
      )}
    </>
  );
}
