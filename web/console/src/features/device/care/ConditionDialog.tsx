import { Radio, Stack } from "@mantine/core";
import { useState } from "react";
import { api } from "../../../api/client";
import { fieldProblem, problemOf } from "../../../api/problem";
import { useT } from "../../../i18n/strings";
import { useWords, valuesOf } from "../../../words/words";
import { nameOf, type Device } from "../useDevice";
import { CareDialog, ReasonField, useRecorded, type CareProps } from "./CareDialog";
import { careStrings } from "./strings";

/** Records where a device is in its round of use and cleaning. */
export default function ConditionDialog({ device, onClose }: CareProps) {
  const t = useT(careStrings);
  const say = useWords();
  const recorded = useRecorded(onClose);
  const [condition, setCondition] = useState<Device["condition"]>();
  const [missing, setMissing] = useState(false);
  const [reason, setReason] = useState("");
  const save = api.useMutation("post", "/api/v1/devices/{id}/condition");
  const problem = save.error ? problemOf(save.error) : undefined;
  const submit = () => {
    setMissing(!condition);
    if (!condition) return;
    save.mutate(
      { params: { path: { id: device.id } }, body: { condition, reason: reason.trim() } },
      { onSuccess: () => recorded(t("conditionForm.done", { device: nameOf(device), condition: say("condition", condition) })) },
    );
  };
  return (
    <CareDialog
      title={t("conditionForm.title", { device: nameOf(device) })}
      text={t("conditionForm.present", { condition: say("condition", device.condition) })}
      submit={t("save")}
      busy={save.isPending}
      {...(problem && { problem })}
      fields={["condition", "reason"]}
      onSubmit={submit}
      onClose={onClose}
    >
      <Radio.Group
        label={t("conditionForm.condition")}
        value={condition ?? null}
        error={missing && !condition ? t("choose") : fieldProblem(problem, "condition")}
        onChange={(value) => setCondition(value as Device["condition"])}
      >
        <Stack gap="xs" mt={4}>
          {valuesOf("condition")
            .filter((value) => value !== device.condition)
            .map((value) => (
              <Radio key={value} value={value} label={say("condition", value)} />
            ))}
        </Stack>
      </Radio.Group>
      <ReasonField value={reason} onChange={setReason} error={fieldProblem(problem, "reason")} />
    </CareDialog>
  );
}
