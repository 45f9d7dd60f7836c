import { Alert } from "@mantine/core";
import { useState } from "react";
import { api } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { dateTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { CareDialog, ReasonField, saysWhy, useRecorded } from "../device/care/CareDialog";
import type { Device } from "./openLoss";
import { lossStrings } from "./strings";

/** Ends a loss: lock and lost mode go, what has not left is withdrawn. */
export default function FoundDialog({ device, onClose }: { device: Device; onClose: () => void }) {
  const t = useT(lossStrings);
  const recorded = useRecorded(onClose);
  const [reason, setReason] = useState("");
  const [checked, setChecked] = useState(false);
  const save = api.useMutation("post", "/api/v1/devices/{id}/found");
  const problem = save.error ? problemOf(save.error) : undefined;
  const hold = device.holds.find((one) => one.kind === "lost");
  const send = () => {
    setChecked(true);
    if (!saysWhy(reason)) return;
    save.mutate({ params: { path: { id: device.id } }, body: { reason: reason.trim() } }, { onSuccess: () => recorded(t("found.done", { device: device.serial })) });
  };
  return (
    <CareDialog
      title={t("found.title", { device: device.serial })}
      text={[hold && t("found.since", { since: dateTime(hold.since), reason: hold.reason }), t("found.text")].filter(Boolean).join(" ")}
      submit={t("found.submit")}
      busy={save.isPending}
      {...(problem && { problem })}
      fields={["reason"]}
      onSubmit={send}
      onClose={onClose}
    >
      {device.certificate?.status === "contained" && (
        <Alert variant="light" color="orange" py="xs">
          {t("found.contained")}
        </Alert>
      )}
      <ReasonField value={reason} required autoFocus onChange={setReason} error={checked && !saysWhy(reason) ? t("found.sayHow") : fieldProblem(problem, "reason")} />
    </CareDialog>
  );
}
