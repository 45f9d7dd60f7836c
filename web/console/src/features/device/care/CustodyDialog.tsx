import { Autocomplete, Select } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "../../../api/client";
import { fieldProblem, problemOf } from "../../../api/problem";
import { useT } from "../../../i18n/strings";
import { useWords, valuesOf } from "../../../words/words";
import { usePlaces } from "../PlaceTree";
import { nameOf } from "../useDevice";
import { CareDialog, ReasonField, useRecorded, type CareProps } from "./CareDialog";
import { careStrings } from "./strings";

type Kind = Schemas["CustodyView"]["kind"];

/** Records in whose hands a device is. */
export default function CustodyDialog({ device, onClose }: CareProps) {
  const t = useT(careStrings);
  const say = useWords();
  const places = usePlaces();
  const recorded = useRecorded(onClose);
  const [kind, setKind] = useState<Kind>(device.custody.kind);
  const [which, setWhich] = useState(device.custody.which);
  const [reason, setReason] = useState("");
  const save = api.useMutation("post", "/api/v1/devices/{id}/custody");
  const problem = save.error ? problemOf(save.error) : undefined;
  const wards = kind === "ward" ? [...new Set([...(places?.values() ?? [])].filter((place) => place.kind === "ward").map((place) => place.name))] : [];
  const submit = () =>
    save.mutate(
      { params: { path: { id: device.id } }, body: { kind, which: which.trim(), reason: reason.trim() } },
      { onSuccess: () => recorded(t("custodyForm.done", { device: nameOf(device), custody: [say("custody", kind), which.trim()].filter(Boolean).join(": ") })) },
    );
  return (
    <CareDialog
      title={t("custodyForm.title", { device: nameOf(device) })}
      submit={t("save")}
      busy={save.isPending}
      {...(problem && { problem })}
      fields={["kind", "which", "reason"]}
      onSubmit={submit}
      onClose={onClose}
    >
      <Select
        label={t("custodyForm.kind")}
        data={valuesOf("custody").map((value) => ({ value, label: say("custody", value) }))}
        value={kind}
        allowDeselect={false}
        data-autofocus
        error={fieldProblem(problem, "kind")}
        onChange={(value) => {
          if (!value || value === kind) return;
          setKind(value as Kind);
          setWhich("");
        }}
      />
      <Autocomplete
        label={t("custodyForm.which")}
        description={t("custodyForm.whichHint")}
        data={wards}
        limit={20}
        maxLength={120}
        value={which}
        error={fieldProblem(problem, "which")}
        onChange={setWhich}
      />
      <ReasonField value={reason} onChange={setReason} error={fieldProblem(problem, "reason")} />
    </CareDialog>
  );
}
