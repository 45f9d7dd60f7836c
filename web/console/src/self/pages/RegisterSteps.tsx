import { Button, Group, List, Radio, Stack, Text, Title } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { useT } from "../../i18n/strings";
import type { Schemas } from "../client";
import type { PhoneKind } from "../kindOfPhone";
import { Refusal } from "../Refusal";
import { selfStrings } from "../strings";

/** The name of the text that was agreed to, as it stands in the audit log. */
export function terms(managed: boolean, work: boolean): string {
  return `${managed ? "managed" : "record"}-${work ? "work" : "personal"}-1`;
}

function Choice({ value, name, children }: { value: string; name: string; children?: ReactNode }) {
  return (
    <Radio.Card value={value} p="md" radius="md" aria-label={name} component="div">
      <Group wrap="nowrap" align="flex-start">
        <Radio.Indicator />
        <div>
          <Text fw={600}>{name}</Text>
          {children}
        </div>
      </Group>
    </Radio.Card>
  );
}

interface KindProps {
  kind: PhoneKind;
  setKind: (kind: PhoneKind) => void;
  models: Schemas["ManagedModelView"][];
  model: string;
  setModel: (id: string) => void;
  next: () => void;
}

export function WhichKind({ kind, setKind, models, model, setModel, next }: KindProps) {
  const t = useT(selfStrings);
  return (
    <Stack>
      <Radio.Group label={t("register.kind")} description={t("register.kindHint")} value={kind} onChange={(value) => setKind(value as PhoneKind)} size="md">
        <Stack gap="sm" mt="xs">
          <Choice value="iphone" name={t("register.iphone")} />
          <Choice value="android" name={t("register.android")} />
          {models.length > 0 && (
            <Choice value="managed" name={t("register.managed")}>
              <Text size="sm">{t("register.managedHint")}</Text>
            </Choice>
          )}
          <Choice value="other" name={t("register.other")} />
        </Stack>
      </Radio.Group>
      {kind === "managed" && (
        <Radio.Group label={t("register.model")} value={model} onChange={setModel} size="md">
          <Stack gap="sm" mt="xs">
            {models.map((m) => (
              <Choice key={m.id} value={m.id} name={m.name}>
                <Text size="sm">{t(m.issued ? "register.work" : "register.personal")}</Text>
              </Choice>
            ))}
          </Stack>
        </Radio.Group>
      )}
      <Button size="lg" onClick={next} disabled={kind === "managed" && model === ""} fullWidth>
        {t("next")}
      </Button>
    </Stack>
  );
}

interface WhoseProps {
  issued?: boolean;
  setIssued: (issued: boolean) => void;
  next: () => void;
}

export function Whose({ issued, setIssued, next }: WhoseProps) {
  const t = useT(selfStrings);
  return (
    <Stack>
      <Radio.Group label={t("register.whose")} value={issued === undefined ? "" : issued ? "work" : "personal"} onChange={(value) => setIssued(value === "work")} size="md">
        <Stack gap="sm" mt="xs">
          <Choice value="work" name={t("register.work")}>
            <Text size="sm">{t("register.workHint")}</Text>
          </Choice>
          <Choice value="personal" name={t("register.personal")}>
            <Text size="sm">{t("register.personalHint")}</Text>
          </Choice>
        </Stack>
      </Radio.Group>
      <Button size="lg" onClick={next} disabled={issued === undefined} fullWidth>
        {t("next")}
      </Button>
    </Stack>
  );
}

/** What the hospital can and cannot see and do, for exactly this sort of phone. */
export function Terms({ managed, work, agree }: { managed: boolean; work: boolean; agree: () => Promise<void> }) {
  const t = useT(selfStrings);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const can = managed
    ? (["terms.lock", "terms.state", ...(work ? (["terms.whereWard", "terms.wipe"] as const) : (["terms.workData"] as const))] as const)
    : (["terms.name", "terms.call"] as const);
  const cannot = managed
    ? ([work ? "terms.whereWork" : "terms.whereOwn", "terms.content", work ? "terms.silent" : "terms.noWipe"] as const)
    : (["terms.noLock", "terms.noSee", "terms.noWhere"] as const);
  return (
    <Stack>
      {!managed && <Text fw={600}>{t("device.recordShort")}</Text>}
      <Title order={2} size="h4">
        {t("terms.can")}
      </Title>
      <List>
        {can.map((key) => (
          <List.Item key={key}>{t(key)}</List.Item>
        ))}
      </List>
      <Title order={2} size="h4">
        {t("terms.cannot")}
      </Title>
      <List>
        {cannot.map((key) => (
          <List.Item key={key}>{t(key)}</List.Item>
        ))}
      </List>
      <Text>{t("terms.looks")}</Text>
      {error !== undefined && <Refusal error={error} />}
      <Button
        size="lg"
        loading={busy}
        fullWidth
        onClick={() => {
          setBusy(true);
          agree().catch((problem: unknown) => {
            setError(problem);
            setBusy(false);
          });
        }}
      >
        {t("terms.agree")}
      </Button>
    </Stack>
  );
}
