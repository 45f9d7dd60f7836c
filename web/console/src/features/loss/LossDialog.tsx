import { Alert, Button, Chip, Group, Modal, Radio, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconAntennaBarsOff } from "@tabler/icons-react";
import { useState } from "react";
import { rest, type Schemas } from "../../api/client";
import { fieldProblem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { useMay, useMe } from "../../session/useSession";
import { uiStrings } from "../../ui/strings";
import { AskProblem, CodeInput, codeProof, isCode } from "../actions/code";
import { DeviceFacts, isPump, mayKnowOnlyWifi, SilenceNotice } from "../actions/Facts";
import { openAction } from "../actions/openAction";
import { useAsk } from "../actions/useAsk";
import { LossSteps } from "./LossSteps";
import type { Device } from "./openLoss";
import { lossStrings } from "./strings";

interface Props {
  device: Device;
  onClose: () => void;
}

/** Reports a device lost, which locks it at once, and shows what became of that. */
export default function LossDialog({ device, onClose }: Props) {
  const t = useT(lossStrings);
  const ui = useT(uiStrings);
  const small = useMediaQuery("(max-width: 36em)");
  const [done, setDone] = useState<Schemas["LossView"]>();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("title", { device: device.serial })}
      size={620}
      fullScreen={small}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": ui("close") }}
      styles={{ title: { fontWeight: 600 } }}
      transitionProps={{ duration: 100 }}
    >
      {done ? <LossSteps loss={done} onClose={onClose} /> : <Form device={device} onClose={onClose} onDone={setDone} />}
    </Modal>
  );
}

function Form({ device, onClose, onDone }: Props & { onDone: (loss: Schemas["LossView"]) => void }) {
  const t = useT(lossStrings);
  const ui = useT(uiStrings);
  const pump = isPump(device);
  const mayCut = useMayCut(pump);
  const { ask, problem, busy } = useAsk<Schemas["LossView"]>();
  const [tried, setTried] = useState(false);
  const [draft, setDraft] = useState({ stolen: false, reason: "", message: pump ? "" : t("textValue"), phone: "", code: "" });
  const set = (change: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...change }));
  const code = draft.stolen && mayCut && isCode(draft.code) ? { prove: codeProof(draft.code), subject: { device_id: device.id } } : undefined;
  const submit = async () => {
    setTried(true);
    if (draft.reason.trim().length < 3) return;
    const body = {
      reason: draft.reason.trim(),
      stolen: draft.stolen,
      ...(draft.message.trim() && { message: draft.message.trim() }),
      ...(draft.phone.trim() && { phone_number: draft.phone.trim() }),
    };
    const send = async (header: { "Idempotency-Key": string }) => {
      const { data, error } = await rest.POST("/api/v1/devices/{id}/report-lost", { params: { path: { id: device.id }, header }, body });
      if (error) throw error;
      return data;
    };
    const made = await ask(JSON.stringify(body), send, code);
    if (made) onDone(made);
    else set({ code: "" });
  };
  const missing = tried && draft.reason.trim().length < 3 ? t("sayWhat") : undefined;
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <Stack>
        <DeviceFacts device={device} />
        <Text>{pump ? t("whatPump") : `${t("what")} ${t(draft.stolen ? "back" : "stays")}`}</Text>
        <SilenceNotice device={device} />
        <Radio.Group label={t("how")} value={draft.stolen ? "stolen" : "lost"} onChange={(value) => set({ stolen: value === "stolen" })}>
          <Group gap="lg" mt={6}>
            <Radio value="lost" label={t("lost")} />
            <Radio value="stolen" label={t("stolen")} />
          </Group>
        </Radio.Group>
        {draft.stolen && !pump && <Cut device={device} mayCut={mayCut} />}
        {draft.stolen && !pump && mayCut && <CodeInput optional value={draft.code} onChange={(value) => set({ code: value })} />}
        <Reason value={draft.reason} error={missing ?? fieldProblem(problem, "reason")} stolen={draft.stolen} onChange={(reason) => set({ reason })} />
        {!pump && (
          <Group grow align="flex-start" preventGrowOverflow={false}>
            <Textarea label={t("text")} autosize minRows={1} maxLength={240} value={draft.message} error={fieldProblem(problem, "message", "args.message")} onChange={(event) => set({ message: event.currentTarget.value })} />
            <TextInput label={t("phone")} type="tel" maxLength={32} value={draft.phone} error={fieldProblem(problem, "phone_number", "args.phone_number")} onChange={(event) => set({ phone: event.currentTarget.value })} />
          </Group>
        )}
        <AskProblem problem={problem} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {ui("cancel")}
          </Button>
          <Button loading={busy} onClick={() => void submit()}>
            {t(pump ? "submitPump" : "submit")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Whether my report of a theft can cut the device off by itself. */
function useMayCut(pump: boolean): boolean {
  const may = useMay();
  const me = useMe();
  return !pump && may("commands.contain_personal") && me.has_second_factor;
}

/** What a theft does to its access to the network; of a phone that may know only our Wi-Fi, what that cuts. */
function Cut({ device, mayCut }: { device: Device; mayCut: boolean }) {
  const t = useT(lossStrings);
  const may = useMay();
  const only = mayKnowOnlyWifi(device);
  const erase = device.class !== "phone_personal" && may("commands.erase_personal");
  return (
    <Alert variant="light" color={only ? "orange" : "blue"} icon={<IconAntennaBarsOff aria-hidden />}>
      <Text size="sm">{t(mayCut ? "cutNow" : "cutLater")}</Text>
      {only && <Text size="sm" mt={4}>{t("onlyWifi")}</Text>}
      {only && erase && (
        <Button variant="default" size="xs" mt="xs" onClick={() => openAction({ kind: "wipe", device })}>
          {t("wipeFirst")}
        </Button>
      )}
    </Alert>
  );
}

const usual = { lost: ["taxi", "missing", "bag"], stolen: ["room", "street", "car"] } as const;

function Reason({ value, error, stolen, onChange }: { value: string; error: string | undefined; stolen: boolean; onChange: (reason: string) => void }) {
  const t = useT(lossStrings);
  const choices = usual[stolen ? "stolen" : "lost"].map((key) => t(`usual.${key}`));
  return (
    <Stack gap={6}>
      <TextInput label={t("reason")} description={t("reasonHint")} required maxLength={500} value={value} error={error} data-autofocus onChange={(event) => onChange(event.currentTarget.value)} />
      <Chip.Group value={choices.includes(value) ? value : ""} onChange={(chosen) => onChange(String(chosen))}>
        <Group gap={6} role="radiogroup" aria-label={t("usual.label")}>
          {choices.map((choice) => (
            <Chip key={choice} value={choice} size="sm">
              {choice}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </Stack>
  );
}
