import { Code, Paper, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { dateTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { RouteLink } from "../../ui/RouteLink";
import { useWords } from "../../words/words";
import classes from "./CommandFacts.module.css";
import { commandsStrings } from "./strings";
import { hasEnded, type Command } from "./useCommand";

/** What exactly was ordered, of what, by whom. */
export function CommandFacts({ command }: { command: Command }) {
  const t = useT(commandsStrings);
  const say = useWords();
  const { device } = command;
  const args = Object.entries((command.args ?? {}) as Record<string, unknown>);
  return (
    <Paper withBorder p="md" radius="md">
      <Title order={2} size="h4" mb="xs">
        {t("facts.title")}
      </Title>
      <dl className={classes.facts}>
        <Fact name={t("facts.device")}>
          <RouteLink to={`/devices/${command.device_id}`} underline="always">{device.serial}</RouteLink> {device.asset_tag} · {say("class", device.class)}
        </Fact>
        {device.owner && <Fact name={t("facts.holder")}>{device.owner}</Fact>}
        <Fact name={t("facts.reason")}>{command.reason || t("facts.noReason")}</Fact>
        {command.ticket && <Fact name={t("facts.ticket")}>{command.ticket}</Fact>}
        {args.length > 0 && (
          <Fact name={t("facts.arguments")}>
            {args.map(([name, value]) => (
              <div key={name}>
                {name.replaceAll("_", " ")}: {typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value)}
              </div>
            ))}
          </Fact>
        )}
        <Fact name={t("facts.asked")}>
          <time dateTime={command.created_at}>{dateTime(command.created_at)}</time> {t("facts.by", { who: command.requested_by })}
        </Fact>
        {command.hold_until_idle && <Fact name={t("facts.hold")}>{t("facts.yes")}</Fact>}
        {command.not_before && !hasEnded(command) && <Fact name={t("facts.notBefore")}>{dateTime(command.not_before)}</Fact>}
        {!hasEnded(command) && <Fact name={t("facts.expires")}>{command.expires_at ? dateTime(command.expires_at) : t("facts.notWhileLost")}</Fact>}
        {command.attempt > 0 && <Fact name={t("facts.attempts")}>{t("facts.times", { count: command.attempt })}</Fact>}
        {command.needs_second_person && (
          <Fact name={t("facts.approvals")}>
            {command.approvals.length === 0
              ? t("facts.noApprovals")
              : command.approvals.map((approval) => (
                  <div key={approval.at}>
                    {approval.by}, <time dateTime={approval.at}>{dateTime(approval.at)}</time>
                  </div>
                ))}
          </Fact>
        )}
        {command.batch_id && (
          <Fact name={t("facts.batch")}>
            <RouteLink to={`/batches/${command.batch_id}`}>{t("facts.openBatch")}</RouteLink>
          </Fact>
        )}
        <Fact name={t("facts.hash")}>
          <Code className={classes.hash}>{command.order_hash}</Code>
          <Text size="xs" c="dimmed">
            {t("facts.hashMeans")}
          </Text>
        </Fact>
      </dl>
    </Paper>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text component="dt" size="xs" c="dimmed">
        {name}
      </Text>
      <Text component="dd" size="sm" m={0}>
        {children}
      </Text>
    </div>
  );
}
