import { Button, Checkbox, Group, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useT } from "../../i18n/strings";
import type { OwnDevice } from "../client";
import { DeviceLine } from "../DeviceLine";
import { Refusal } from "../Refusal";
import { selfStrings } from "../strings";

export interface Target {
  id?: string;
  label?: string;
  stolen: boolean;
}

interface Props {
  devices: OwnDevice[];
  wards: string[];
  /** Chosen on an earlier screen. */
  chosen?: string;
  report: (target: Target) => Promise<void>;
}

const byLabel = "label";

/** The second question: what is gone. */
export function LossWhat({ devices, wards, chosen, report }: Props) {
  const t = useT(selfStrings);
  const only = devices.length === 1 && wards.length === 0 ? devices[0]?.id : undefined;
  const [what, setWhat] = useState<string>(devices.find((d) => d.id === chosen)?.id ?? only ?? (devices.length === 0 ? byLabel : ""));
  const [label, setLabel] = useState("");
  const [stolen, setStolen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await report(what === byLabel ? { label: label.trim(), stolen } : { id: what, stolen });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  const record = devices.find((d) => d.id === what && !d.reachable);
  return (
    <Stack>
      <Radio.Group label={t("lost.what")} value={what} onChange={setWhat} size="md">
        <Stack gap="sm" mt="xs">
          {devices.map((device) => (
            <Choice key={device.id} value={device.id} name={device.class_words}>
              <DeviceLine device={device} />
            </Choice>
          ))}
          <Choice value={byLabel} name={t("lost.other")}>
            <Text fw={600}>{t("lost.other")}</Text>
            <Text size="sm">{wards.length > 0 ? t("lost.otherOf", { wards: wards.join(", ") }) : t("lost.otherMine")}</Text>
          </Choice>
        </Stack>
      </Radio.Group>
      {what === byLabel && (
        <TextInput
          size="md"
          label={t("lost.label")}
          description={t("lost.labelHint")}
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
          maxLength={300}
          autoComplete="off"
          autoFocus
        />
      )}
      <Checkbox size="md" label={t("lost.stolen")} checked={stolen} onChange={(event) => setStolen(event.currentTarget.checked)} />
      <Text size="sm">{t(record ? "lost.willRecord" : "lost.will")}</Text>
      {error !== undefined && <Refusal error={error} />}
      <Button size="lg" color="red.9" loading={busy} disabled={what === "" || (what === byLabel && label.trim().length < 2)} onClick={() => void submit()} fullWidth>
        {t("lost.report")}
      </Button>
    </Stack>
  );
}

function Choice({ value, name, children }: { value: string; name: string; children: React.ReactNode }) {
  return (
    <Radio.Card value={value} p="md" radius="md" aria-label={name} component="div">
      <Group wrap="nowrap" align="flex-start">
        <Radio.Indicator />
        <div>{children}</div>
      </Group>
    </Radio.Card>
  );
}
