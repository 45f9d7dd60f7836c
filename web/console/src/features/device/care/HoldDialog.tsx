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

/** Puts a device under a hold. A loss has a dialog of its own. */
export default function HoldDialog({ device, onClose }: CareProps) {
  const t = useT(careStrings);
  const say = useWords();
  const recorded = useRecorded(onClose);
  const [chosen, setChosen] = useState<Kind>();
  const [reason, setReason] = useState("");
  const [checked, setChecked] = useState(false);
  const save = api.useMutation("post", "/api/v1/devices/{id}/holds");
  const problem = save.error ? problemOf(save.error) : undefined;
  const send = () => {
    setChecked(true);
    if (!chosen || !saysWhy(reason)) return;
    save.mutate(
      { params: { path: { id: device.id } }, body: { kind: chosen, reason: reason.trim() } },
      { onSuccess: () => recorded(t("holdForm.done", { device: nameOf(device), hold: say("hold", chosen) })) },
    );
  };
  return (
    <CareDialog
      title={t("holdForm.title", { device: nameOf(device) })}
      submit={t("holdForm.submit")}
      busy={save.isPending}
      {...(problem && { problem })}
      fields={["kind", "reason"]}
      onSubmit={send}
      onClose={onClose}
    >
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
      <ReasonField
        value={reason}
        required
        onChange={setReason}
        error={checked && !saysWhy(reason) ? t("sayWhy") : fieldProblem(problem, "reason")}
      />
    </CareDialog>
  );
}
