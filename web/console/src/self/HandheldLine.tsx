import { Badge, Group, Text } from "@mantine/core";
import { shortTime } from "../i18n/format";
import { useT } from "../i18n/strings";
import type { Schemas } from "./client";
import { handheldStrings } from "./handheldStrings";

export type Handheld = Schemas["HandheldView"];

const colours: Record<Handheld["state"], string> = { free: "teal", out: "gray", overdue: "red", clearing: "yellow", lost: "red", out_of_use: "gray" };

/** A shared handheld: what stands on it, who has it, and since when. */
export function HandheldLine({ handheld, size = "md" }: { handheld: Handheld; size?: "md" | "xl" }) {
  const t = useT(handheldStrings);
  const { since, due_at, battery_percent: percent } = handheld;
  return (
    <>
      <Group justify="space-between" gap="xs">
        <Text fw={700} size={size}>
          {handheld.label}
        </Text>
        <Badge color={colours[handheld.state]} variant="light" size={size === "xl" ? "xl" : "lg"} tt="none">
          {t(`state.${handheld.state}`)}
        </Badge>
      </Group>
      {handheld.holder && (
        <Text size={size} fw={500}>
          {handheld.mine ? t("you") : t("with", { name: handheld.holder })}
        </Text>
      )}
      {since && due_at && (
        <Text size="sm">
          {t("since", { time: shortTime(since) })}, {t("due", { time: shortTime(due_at) })}
        </Text>
      )}
      {handheld.locked && <Text size="sm">{t("locked")}</Text>}
      {percent !== null && <Text size="sm">{t(handheld.charging ? "charging" : "battery", { percent })}</Text>}
      {!handheld.reachable && <Text size="sm">{t("onlyRecord")}</Text>}
    </>
  );
}

const order: Handheld["state"][] = ["overdue", "free", "clearing", "out", "lost", "out_of_use"];

/** What is overdue first, then what can be taken. */
export function sorted(list: Handheld[]): Handheld[] {
  return [...list].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.label.localeCompare(b.label));
}
