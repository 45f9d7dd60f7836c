import { Alert as Box, Text } from "@mantine/core";
import { IconAlertTriangle, IconBellRinging, IconInfoCircle, IconMailOff } from "@tabler/icons-react";
import type { Schemas } from "../../api/client";
import { useT, type T } from "../../i18n/strings";
import { SignBadge } from "../../ui/badges";
import { RouteLink } from "../../ui/RouteLink";
import { useWords } from "../../words/words";
import { alertsStrings } from "./strings";

export type Alert = Schemas["AlertView"];
export type Severity = Alert["severity"];

const looks = {
  critical: { color: "red", Icon: IconBellRinging },
  warning: { color: "orange", Icon: IconAlertTriangle },
  notice: { color: "gray", Icon: IconInfoCircle },
} as const;

export function SeverityBadge({ severity }: { severity: Severity }) {
  const t = useT(alertsStrings);
  return <SignBadge {...looks[severity]}>{t(`severity.${severity}`)}</SignBadge>;
}

/** Whether somebody took note, in words. */
export function stateOf(t: T<(typeof alertsStrings)["en"]>, alert: Alert): string {
  if (alert.open) return t("state.open");
  if (alert.acknowledged_at) return t("state.acknowledged", { who: alert.acknowledged_by });
  if (alert.cleared_at) return t("state.cleared");
  return t("state.told");
}

const screens = {
  freeze: "/guard",
  limit: "/guard",
  account_change: "/people",
  alert_rule: "/alert-rules",
  certificates: "/guard",
  backup: "/alert-rules",
} as const;

/** Where one looks next; nothing when the alert says it all. */
export function linkOf(alert: Alert): { to: string; name: "command" | "batch" | "account" | "break_glass" | keyof typeof screens } | undefined {
  const [noun = "", id = ""] = alert.subject.split(":");
  if (noun === "break_glass") return { to: `/break-glass/${id}`, name: "break_glass" };
  if (alert.command_id) return { to: `/commands/${alert.command_id}`, name: "command" };
  if (noun === "command") return { to: `/commands/${id}`, name: "command" };
  if (noun === "batch") return { to: `/batches/${id}`, name: "batch" };
  if (noun === "account") return { to: `/people/${id}`, name: "account" };
  if (noun === "certificates") return undefined;
  if (noun in screens) {
    const name = noun as keyof typeof screens;
    return { to: screens[name], name };
  }
  return undefined;
}

/** The device, account or place that an alert is about, as a link. */
export function About({ alert }: { alert: Alert }) {
  const say = useWords();
  if (alert.device_id)
    return (
      <RouteLink to={`/devices/${alert.device_id}`} size="sm">
        {`${say("class", alert.class)} ${alert.serial}`.trim()}
      </RouteLink>
    );
  if (alert.place_id)
    return (
      <RouteLink to={`/places/${alert.place_id}`} size="sm">
        {alert.place}
      </RouteLink>
    );
  if (alert.username)
    return (
      <RouteLink to={`/people/${alert.account_id}`} size="sm">
        {alert.username}
      </RouteLink>
    );
  return null;
}

/** Says that nobody gets mail, where somebody might expect it. */
export function NoMailServer() {
  const t = useT(alertsStrings);
  return (
    <Box color="yellow" variant="light" icon={<IconMailOff aria-hidden />} title={t("noMail")}>
      <Text size="sm">{t("noMailText")}</Text>
    </Box>
  );
}
