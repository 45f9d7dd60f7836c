import { Radio, Stack } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../../../api/client";
import { fieldProblem, problemOf } from "../../../api/problem";
import { useT } from "../../../i18n/strings";
import { useWords } from "../../../words/words";
import { nameOf } from "../useDevice";
import { CareDialog, ReasonField, saysWhy, useRecorded, type CareProps } from "./CareDialog";
import { careStrings } from "./strings";

type Kind = Schemas["HoldView"]["kind"];

const others = ["quarantined", "recalled", "offline_by_order"] as const;

/** Reports a device lost: the one hold that anybody with the device may set. */
export function LostDialog({ device, onClose }: CareProps) {
  const t = useT(careStrings);
  const { owner } = device;
  return (
    <Hold
      device={device}
      onClose={onClose}
      kind="lost"
      title={t("holdForm.lostTitle", { device: nameOf(device) })}
      text={[owner && t("holdForm.lostHolder", { who: owner }), t("holdForm.lostText")].filter(Boolean).join(" ")}
      submit={t("holdForm.report")}
    />
  );
}

/** Puts a device under another hold. */
export default function HoldDialog({ device, onClose }: CareProps) {
  const t = useT(careStrings);
  return <Hold device={device} onClose={onClose} title={t("holdForm.title", { device: nameOf(device) })} submit={t("holdForm.submit")} />;
}

interface Props extends CareProps {
  /** Left out: it is chosen. */
  kind?: Kind;
  title: string;
  text?: string;
  submit: string;
}

function Hold({ device, onClose, kind: fixed, title, text, submit }: Props) {
  const t = useT(careStrings);
  const say = useWords();
  const recorded = useRecorded(onClose);
  const [chosen, setChosen] = useState<Kind>();
  const [reason, setReason] = useState("");
  const [checked, setChecked] = useState(false);
  const save = api.useMutation("post", "/api/v1/devices/{id}/holds");
  const problem = save.error ? problemOf(save.error) : undefined;
  const kind = fixed ?? chosen;
  const send = () => {
    setChecked(true);
    if (!kind || !saysWhy(reason)) return;
    save.mutate(
      { params: { path: { id: device.id } }, body: { kind, reason: reason.trim() } },
      { onSuccess: () => recorded(t("holdForm.done", { device: nameOf(device), hold: say("hold", kind) })) },
    );
  };
  return (
    <CareDialog
      title={title}
      text={text}
      submit={submit}
      busy={save.isPending}
      {...(problem && { problem })}
      fields={["kind", "reason"]}
      onSubmit={send}
      onClose={onClose}
    >
      {!fixed && (
        <Radio.Group
          label={t("holdForm.kind")}
          value={chosen ?? null}
          error={checked && !chosen ? t("choose") : fieldProblem(problem, "kind")}
          onChange={(value) => setChosen(value as Kind)}
        >
          <Stack gap="xs" mt={4}>
            {others
              .filter((value) => !device.holds.some((hold) => hold.kind === value))
              .map((value) => (
                <Radio key={value} value={value} label={say("hold", value)} description={t(`holdForm.means.${value}`)} />
              ))}
          </Stack>
        </Radio.Group>
      )}
      <ReasonField
        value={reason}
        required
        autoFocus={!!fixed}
        onChange={setReason}
        error={checked && !saysWhy(reason) ? t("sayWhy") : fieldProblem(problem, "reason")}
      />
    </CareDialog>
  );
}
