import { Group, Tooltip } from "@mantine/core";
import { IconBan, IconClockExclamation, IconDeviceMobileOff, IconLock, IconMapPinSearch, IconRoute, type Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useT } from "../../i18n/strings";
import { HoldBadge, SignBadge, TherapyBadge } from "../../ui/badges";
import { useWords } from "../../words/words";
import { useSinceRead } from "./Age";
import { lengthOfTime } from "./length";
import { deviceStrings } from "./strings";
import { useTherapy } from "./Therapy";
import { speaks, type Device } from "./useDevice";

/** Seconds without a word after which a device that speaks counts as silent. */
const silence = 15 * 60;

/** What is true of the device now, as far as is known; what is asked of it stands elsewhere. */
export function Badges({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  const say = useWords();
  const therapy = useTherapy(device);
  const certificate = device.certificate?.status;
  return (
    <Group gap={6} role="group" aria-label={t("badges.label")}>
      <TherapyBadge state={therapy?.state} />
      {device.holds.map((hold) => (
        <HoldBadge kind={hold.kind} key={hold.kind} />
      ))}
      {device.locked && <Sign color="orange" Icon={IconLock}>{t("badges.locked")}</Sign>}
      {device.lost_mode && <Sign color="orange" Icon={IconMapPinSearch}>{t("badges.lostMode")}</Sign>}
      {certificate === "contained" && <Sign color="red" Icon={IconBan} means={t("badges.containedMeans")}>{t("badges.contained")}</Sign>}
      {certificate === "revoked" && <Sign color="red" Icon={IconBan}>{t("badges.revoked")}</Sign>}
      {certificate === "expired" && <Sign color="red" Icon={IconBan}>{t("badges.ended")}</Sign>}
      <Sign color="gray" Icon={IconRoute}>{say("stage", device.stage)}</Sign>
      <Silent device={device} />
    </Group>
  );
}

function Silent({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  const since = useSinceRead();
  if (!speaks(device)) return null;
  const seen = device.last_seen_age_seconds;
  if (seen === null) return <Sign color="gray" Icon={IconDeviceMobileOff} means={t("badges.neverMeans")}>{t("badges.never")}</Sign>;
  const age = seen + since;
  if (age < silence) return null;
  return <Sign color="orange" Icon={IconClockExclamation} means={t("badges.silentMeans")}>{t("badges.silent", { age: lengthOfTime(age) })}</Sign>;
}

function Sign({ color, Icon, means, children }: { color: string; Icon: Icon; means?: string; children: ReactNode }) {
  const badge = <SignBadge color={color} Icon={Icon}>{children}</SignBadge>;
  if (!means) return badge;
  return (
    <Tooltip label={means} multiline w={260} withArrow events={{ hover: true, focus: true, touch: true }}>
      <span>{badge}</span>
    </Tooltip>
  );
}
