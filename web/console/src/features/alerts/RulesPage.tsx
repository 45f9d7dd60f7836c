import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, rest, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Part } from "../account/Line";
import { useWrite } from "../guard/useWrite";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { NoMailServer, SeverityBadge } from "./parts";
import { RuleDialog } from "./RuleDialog";
import { alertsStrings } from "./strings";
import { TestMail } from "./TestMail";
import { useRecipient } from "./useRecipient";
import { Webhooks } from "./Webhooks";

export type Rules = Schemas["AlertRulesView"];
export type Rule = Schemas["AlertRuleView"];

/** The rules, who is told of what, and what waits for a second person. */
export default function RulesPage() {
  const t = useT(alertsStrings);
  const query = api.useQuery("get", "/api/v1/alert-rules");
  const [changing, setChanging] = useState<Rule>();
  return (
    <Page
      title={t("rules")}
      about={t("rulesAbout")}
      above={
        <RouteLink to="/alerts" size="sm">
          {t("back")}
        </RouteLink>
      }
    >
      <QueryView query={query}>
        {(rules) => (
          <Stack maw={860}>
            {!rules.mail_server && <NoMailServer />}
            {rules.changes.map((change) => (
              <Waiting key={change.id} change={change} rules={rules} />
            ))}
            <Part title={t("ruleList")}>
              {rules.items.map((rule) => (
                <One key={rule.rule} rule={rule} rules={rules} change={() => setChanging(rule)} />
              ))}
            </Part>
            <Webhooks rules={rules} />
            {rules.mail_server && <TestMail />}
            <Part title={t("backup")}>
              <Text size="sm">
                {rules.backup.made_at ? (
                  <>
                    {t("backupLast")} <Time at={rules.backup.made_at} as="clock" />, {rules.backup.what}
                  </>
                ) : (
                  t("backupNever")
                )}
              </Text>
            </Part>
            {changing && <RuleDialog rule={changing} rules={rules} onClose={() => setChanging(undefined)} />}
          </Stack>
        )}
      </QueryView>
    </Page>
  );
}

function One({ rule, rules, change }: { rule: Rule; rules: Rules; change: () => void }) {
  const t = useT(alertsStrings);
  const may = useMay();
  const recipient = useRecipient(rules);
  const told = [...(rule.concerned ? [t("concerned")] : []), ...rule.routes.map(recipient)];
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm" align="flex-start">
      <div>
        <Group gap="xs">
          <Text fw={500}>{rule.words}</Text>
          <SeverityBadge severity={rule.severity} />
          {!rule.on && (
            <Badge variant="light" color="orange" tt="none">
              {t("off")}
            </Badge>
          )}
        </Group>
        {rule.numbers.length > 0 && (
          <Text size="sm">{rule.numbers.map((n) => `${t(`numbers.${n.id}`)}: ${t(`units.${n.unit}`, { n: n.value })}`).join(" · ")}</Text>
        )}
        <Text size="sm" c="dimmed">
          {told.length > 0 ? told.join(", ") : t("nobody")}
        </Text>
      </div>
      {may("settings.manage") && (
        <Button size="xs" variant="default" onClick={change} aria-label={t("changeOf", { rule: rule.words })}>
          {t("change")}
        </Button>
      )}
    </Group>
  );
}

function Waiting({ change, rules }: { change: Schemas["AlertChangeView"]; rules: Rules }) {
  const t = useT(alertsStrings);
  const may = useMay();
  const recipient = useRecipient(rules);
  const { error, busy, write } = useWrite(() => undefined);
  const params = { path: { id: change.id } };
  const rule = rules.items.find((one) => one.rule === change.rule);
  const told = [...(change.concerned ? [t("concerned")] : []), ...change.routes.map(recipient)];
  return (
    <Part title={`${t("pending")}: ${rule?.words ?? change.rule}`}>
      <Text size="sm">{t("asked", { who: change.asked_by, reason: change.reason })}</Text>
      <Text size="sm">
        {[
          t(change.on ? "on" : "off"),
          ...(rule?.numbers ?? []).map((n) => `${t(`numbers.${n.id}`)}: ${t(`units.${n.unit}`, { n: change.numbers[n.id] ?? n.value })}`),
          told.length > 0 ? told.join(", ") : t("nobody"),
        ].join(" · ")}
      </Text>
      {error !== undefined && <ProblemAlert error={error} />}
      <Group gap="xs">
        {may("settings.approve") && (
          <Button size="xs" variant="default" loading={busy} onClick={() => void write(() => rest.POST("/api/v1/alert-rules/changes/{id}/withdraw", { params }), t("withdrawn"))}>
            {t("withdraw")}
          </Button>
        )}
        {change.may_approve && (
          <Button size="xs" loading={busy} onClick={() => void write(() => rest.POST("/api/v1/alert-rules/changes/{id}/approve", { params }), t("agreed"))}>
            {t("agree")}
          </Button>
        )}
      </Group>
    </Part>
  );
}
