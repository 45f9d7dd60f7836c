import { Alert } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../../../api/client";
import { fieldProblem, problemOf } from "../../../api/problem";
import { dateTime } from "../../../i18n/format";
import { useT } from "../../../i18n/strings";
import { useMe } from "../../../session/useSession";
import { useWords } from "../../../words/words";
import { nameOf } from "../useDevice";
import { CareDialog, ReasonField, saysWhy, useRecorded, type CareProps } from "./CareDialog";
import { careStrings } from "./strings";

/** Lifts a hold, and says before who may. */
export default function LiftDialog({ hold, ...rest }: CareProps) {
  return hold ? <Lift hold={hold} {...rest} /> : null;
}

function Lift({ device, hold, onClose }: CareProps & { hold: Schemas["HoldView"] }) {
  const t = useT(careStrings);
  const say = useWords();
  const me = useMe();
  const recorded = useRecorded(onClose);
  const [reason, setReason] = useState("");
  const [checked, setChecked] = useState(false);
  const save = api.useMutation("post", "/api/v1/devices/{id}/holds/{kind}/lift");
  const problem = save.error ? problemOf(save.error) : undefined;
  const words = say("hold", hold.kind);
  const mine = !hold.may_lift || me.roles.some((role) => role === hold.may_lift);
  const send = () => {
    setChecked(true);
    if (!saysWhy(reason)) return;
    save.mutate(
      { params: { path: { id: device.id, kind: hold.kind } }, body: { reason: reason.trim() } },
      { onSuccess: () => recorded(t("liftForm.done", { device: nameOf(device), hold: words })) },
    );
  };
  return (
    <CareDialog
      title={t("liftForm.title", { device: nameOf(device), hold: words })}
      text={t("liftForm.since", { since: dateTime(hold.since), reason: hold.reason })}
      submit={t("liftForm.submit")}
      busy={save.isPending}
      {...(problem && { problem })}
      fields={["reason"]}
      onSubmit={send}
      onClose={onClose}
    >
      {!mine && <Alert color="orange" py="xs">{t("liftForm.role", { role: say("role", hold.may_lift) })}</Alert>}
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
