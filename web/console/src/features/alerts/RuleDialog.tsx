import { Button, CloseButton, Group, Modal, NumberInput, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { rest, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useWrite } from "../guard/useWrite";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { useWords } from "../../words/words";
import type { Rule, Rules } from "./RulesPage";
import { alertsStrings } from "./strings";
import { useRecipient, useSites } from "./useRecipient";

type Route = Schemas["AlertRoute"];

const roles = ["admin", "it", "biomed", "helpdesk", "security", "auditor"] as const;

/** Changes how a rule is set, and who is told. */
export function RuleDialog({ rule, rules, onClose }: { rule: Rule; rules: Rules; onClose: () => void }) {
  const t = useT(alertsStrings);
  const ui = useT(uiStrings);
  const [on, setOn] = useState(rule.on);
  const [concerned, setConcerned] = useState(rule.concerned ?? false);
  const [numbers, setNumbers] = useState<Record<string, number | string>>(Object.fromEntries(rule.numbers.map((n) => [n.id, n.value])));
  const [routes, setRoutes] = useState<Route[]>(rule.routes);
  const [reason, setReason] = useState("");
  const { error, busy, write } = useWrite(onClose);
  const ready = reason.trim().length >= 3 && Object.values(numbers).every((n) => n !== "");
  const body = {
    rule: rule.rule,
    ...(rule.may_be_off && { on }),
    ...(rule.concerned !== null && { concerned }),
    numbers: Object.fromEntries(Object.entries(numbers).map(([id, n]) => [id, Number(n)])),
    routes,
    reason: reason.trim(),
  };
  return (
    <Modal opened onClose={onClose} title={t("changeTitle")} size="lg">
      <Stack>
        <Text fw={500}>{rule.words}</Text>
        {rule.may_be_off ? (
          <Switch label={t("active")} checked={on} onChange={(event) => setOn(event.currentTarget.checked)} />
        ) : (
          <Text size="sm" c="dimmed">
            {t("alwaysOn")}
          </Text>
        )}
        {rule.numbers.map((n) => (
          <NumberInput
            key={n.id}
            label={`${t(`numbers.${n.id}`)} (${t(`units.${n.unit}`, { n: `${n.least} – ${n.most}` })})`}
            min={n.least}
            max={n.most}
            allowDecimal={false}
            value={numbers[n.id]}
            onChange={(value) => setNumbers({ ...numbers, [n.id]: value })}
          />
        ))}
        {rule.concerned !== null && <Switch label={t("tellConcerned")} checked={concerned} onChange={(event) => setConcerned(event.currentTarget.checked)} />}
        <Recipients routes={routes} setRoutes={setRoutes} rules={rules} />
        <Text size="sm">{t("less")}</Text>
        <TextInput label={t("reason")} required maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        {error !== undefined && <ProblemAlert error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {ui("cancel")}
          </Button>
          <Button loading={busy} disabled={!ready} onClick={() => void write(() => rest.PATCH("/api/v1/alert-rules", { body }), t("saved"))}>
            {t("save")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Recipients({ routes, setRoutes, rules }: { routes: Route[]; setRoutes: (routes: Route[]) => void; rules: Rules }) {
  const t = useT(alertsStrings);
  const say = useWords();
  const sites = useSites();
  const recipient = useRecipient(rules);
  const [site, setSite] = useState<string | null>(null);
  const [address, setAddress] = useState("");
  const [language, setLanguage] = useState<string | null>("en");
  const add = (route: Route) => setRoutes([...routes, site ? { ...route, site_id: site } : route]);
  return (
    <Stack gap="xs" role="group" aria-label={t("recipients")}>
      <Text fw={500} size="sm">
        {t("recipients")}
      </Text>
      {routes.map((route, at) => (
        <Group key={recipient(route)} gap="xs" justify="space-between" wrap="nowrap">
          <Text size="sm">{recipient(route)}</Text>
          <CloseButton aria-label={t("remove", { what: recipient(route) })} onClick={() => setRoutes(routes.filter((_, i) => i !== at))} />
        </Group>
      ))}
      <Select label={t("site")} placeholder={t("everywhere")} clearable data={sites} value={site} onChange={setSite} />
      <Select
        label={t("addRole")}
        data={roles.map((value) => ({ value, label: say("role", value) }))}
        value={null}
        onChange={(value) => value && add({ role: value as Route["role"] })}
      />
      {rules.webhooks.length > 0 && (
        <Select
          label={t("addWebhook")}
          data={rules.webhooks.map((hook) => ({ value: hook.id, label: hook.name }))}
          value={null}
          onChange={(value) => value && add({ webhook_id: value })}
        />
      )}
      <Group align="flex-end" gap="xs">
        <TextInput label={t("addAddress")} type="email" flex={1} miw={180} value={address} onChange={(event) => setAddress(event.currentTarget.value)} />
        <Select
          label={t("language")}
          w={150}
          allowDeselect={false}
          value={language}
          onChange={setLanguage}
          data={(["en", "de"] as const).map((value) => ({ value, label: t(`languages.${value}`) }))}
        />
        <Button
          variant="default"
          disabled={!address.includes("@")}
          onClick={() => {
            add({ address: address.trim(), language: language === "de" ? "de" : "en" });
            setAddress("");
          }}
        >
          {t("add")}
        </Button>
      </Group>
    </Stack>
  );
}
