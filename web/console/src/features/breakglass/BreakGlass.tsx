import { Alert, Button, Group, List, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconHammer } from "@tabler/icons-react";
import { useState } from "react";
import { rest, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { uiStrings } from "../../ui/strings";
import { AskProblem, CodeInput, useProof } from "../actions/code";
import { useAsk } from "../actions/useAsk";
import { breakGlassStrings } from "./strings";

interface Props {
  device: { id: string; serial: string };
}

/** The last resort for a pump that is believed attacked. */
export function BreakGlass({ device }: Props) {
  const t = useT(breakGlassStrings);
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Group>
        <Button variant="subtle" color="red" size="xs" leftSection={<IconHammer size={14} aria-hidden />} onClick={() => setOpened(true)}>
          {t("open")}
        </Button>
      </Group>
      {opened && <Dialog device={device} onClose={() => setOpened(false)} />}
    </>
  );
}

function Dialog({ device, onClose }: { device: Props["device"]; onClose: () => void }) {
  const t = useT(breakGlassStrings);
  const ui = useT(uiStrings);
  const [reason, setReason] = useState("");
  const [clinician, setClinician] = useState("");
  const [quarantine, setQuarantine] = useState("");
  const [code, setCode] = useState("");
  const { ask, problem, busy, wanted } = useAsk<boolean>();
  const { given, prove } = useProof(code);
  const ready = reason.trim().length >= 10 && clinician.trim().length >= 3 && quarantine.trim().length >= 3 && (!wanted || given);
  const send = async () => {
    const body = { kind: "contain" as const, reason: reason.trim(), args: { break_glass: { clinician: clinician.trim(), quarantine: quarantine.trim() } } };
    const done = await ask(
      JSON.stringify(body),
      async (header) => {
        const { error } = await rest.POST("/api/v1/devices/{id}/commands", { params: { path: { id: device.id }, header }, body });
        if (error) throw error;
        return true;
      },
      wanted ? { prove, subject: { device_id: device.id } } : undefined,
    );
    setCode("");
    if (!done) return;
    notifyDone(t("asked"));
    onClose();
  };
  return (
    <Modal opened onClose={onClose} title={t("dialogTitle", { serial: device.serial })} size="lg">
      <Stack>
        <Alert color="red" variant="light" icon={<IconHammer aria-hidden />}>
          {t("first")}
        </Alert>
        <List size="sm" spacing="xs">
          <List.Item>{t("does")}</List.Item>
          <List.Item>{t("doesNot")}</List.Item>
          <List.Item>{t("then")}</List.Item>
        </List>
        <Textarea label={t("reason")} required autosize minRows={2} maxLength={500} data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <TextInput label={t("clinician")} required maxLength={200} value={clinician} onChange={(event) => setClinician(event.currentTarget.value)} />
        <TextInput label={t("quarantine")} required maxLength={200} value={quarantine} onChange={(event) => setQuarantine(event.currentTarget.value)} />
        <AskProblem problem={problem} />
        {wanted && <CodeInput value={code} onChange={setCode} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {ui("cancel")}
          </Button>
          <Button color="red" loading={busy} disabled={!ready} onClick={() => void send()}>
            {t("ask")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** What a break-glass rests on, for whoever agrees to it. */
export function Plea({ plea }: { plea: Schemas["PleaView"] | undefined }) {
  const t = useT(breakGlassStrings);
  if (!plea) return null;
  return (
    <Alert color="red" variant="light" icon={<IconHammer aria-hidden />} title={t("glass")}>
      <Text size="sm">{t("glassText")}</Text>
      <Text size="sm">
        {t("clinician")}: {plea.clinician}
      </Text>
      <Text size="sm">
        {t("quarantine")}: {plea.quarantine}
      </Text>
    </Alert>
  );
}
