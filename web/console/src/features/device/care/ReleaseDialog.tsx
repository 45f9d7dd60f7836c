import { useState } from "react";
import { api } from "../../../api/client";
import { fieldProblem, problemOf } from "../../../api/problem";
import { useT } from "../../../i18n/strings";
import { nameOf } from "../useDevice";
import { CareDialog, ReasonField, saysWhy, useRecorded, type CareProps } from "./CareDialog";
import { careStrings } from "./strings";

/** Takes a containment back. */
export default function ReleaseDialog({ device, onClose }: CareProps) {
  const t = useT(careStrings);
  const recorded = useRecorded(onClose);
  const [reason, setReason] = useState("");
  const [checked, setChecked] = useState(false);
  const save = api.useMutation("post", "/api/v1/devices/{id}/release");
  const problem = save.error ? problemOf(save.error) : undefined;
  const send = () => {
    setChecked(true);
    if (!saysWhy(reason)) return;
    save.mutate(
      { params: { path: { id: device.id } }, body: { reason: reason.trim() } },
      { onSuccess: () => recorded(t("releaseForm.done", { device: nameOf(device) })) },
    );
  };
  return (
    <CareDialog
      title={t("releaseForm.title", { device: nameOf(device) })}
      text={t("releaseForm.text")}
      submit={t("releaseForm.submit")}
      busy={save.isPending}
      {...(problem && { problem })}
      fields={["reason"]}
      onSubmit={send}
      onClose={onClose}
    >
      <ReasonField
        value={reason}
        required
        autoFocus
        onChange={setReason}
        error={checked && !saysWhy(reason) ? t("sayWhy") : fieldProblem(problem, "reason")}
      />
    </CareDialog>
  );
}
