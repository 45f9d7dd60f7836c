import { Badge, Group, Text, type MantineColor } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconClock, IconHourglass, IconX, type Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { enrollmentStrings } from "./strings";

type Invitation = Schemas["InvitationView"];
type Step = Invitation["progress"]["missing"] | "expired" | "cancelled" | "ended";

const looks: Record<Step, { color: MantineColor; Icon: Icon }> = {
  code: { color: "blue", Icon: IconClock },
  request: { color: "blue", Icon: IconClock },
  decision: { color: "grape", Icon: IconHourglass },
  collection: { color: "blue", Icon: IconClock },
  first_contact: { color: "yellow", Icon: IconAlertTriangle },
  nothing: { color: "green", Icon: IconCheck },
  over: { color: "red", Icon: IconX },
  ended: { color: "gray", Icon: IconX },
  expired: { color: "gray", Icon: IconX },
  cancelled: { color: "gray", Icon: IconX },
};

/** How far an invitation is. What became of its paper counts only while no device has come. */
export function stepOf({ state, progress }: Invitation): Step {
  if (progress.missing === "over" && progress.completed_at) return "ended";
  const waitsForDevice = progress.missing === "code" || progress.missing === "request";
  if (waitsForDevice && (state === "expired" || state === "cancelled")) return state;
  return progress.missing;
}

/** How far an invitation is, in a word and with the ages that belong to it. */
export function Progress({ invitation: i }: { invitation: Invitation }) {
  const t = useT(enrollmentStrings);
  const step = stepOf(i);
  const { color, Icon } = looks[step];
  const word = step === "expired" ? t("expired") : step === "cancelled" ? t("cancelled") : t(`missing.${step}`);
  return (
    <Group gap="xs" wrap="nowrap" data-step={step}>
      <Badge color={color} variant="light" tt="none" fw={600} leftSection={<Icon size={12} aria-hidden />}>
        {i.for === "delivery" && i.progress.enrolled > 0 ? t("delivered", { enrolled: i.progress.enrolled, expected: i.progress.expected }) : word}
      </Badge>
      <Text size="xs" c="dimmed" component="span">
        <Ages invitation={i} step={step} />
      </Text>
    </Group>
  );
}

function Ages({ invitation: i, step }: { invitation: Invitation; step: Step }): ReactNode {
  const t = useT(enrollmentStrings);
  const p = i.progress;
  const said = (label: string, at: string | null | undefined) => (
    <>
      {label} <Time at={at} />
    </>
  );
  switch (step) {
    case "request":
      return said(t("since.opened"), p.opened_at);
    case "decision":
      return <RouteLink to="/enrollment" search={{ tab: "waiting" } as never} size="xs">{t("tabs.waiting")}</RouteLink>;
    case "first_contact":
      return (
        <>
          {said(t("since.issued"), p.issued_at)}. {said(t("since.contactBy"), p.first_contact_by)}
        </>
      );
    case "nothing":
      return p.completed_at ? said(t("since.completed"), p.completed_at) : null;
    case "ended":
    case "over":
      return (
        <>
          {p.ended_why || t("refusedRequest")} {p.ended_at && <Time at={p.ended_at} />}
        </>
      );
    case "expired":
      return said(t("since.expired"), i.expires_at);
    case "cancelled":
      return said(t("since.cancelled"), i.cancelled_at);
    case "collection":
      return said(t("since.used"), i.used_at);
    default:
      return null;
  }
}
