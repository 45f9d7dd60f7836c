import { Checkbox, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../../api/client";
import { fieldProblem, problemOf } from "../../../api/problem";
import { useT } from "../../../i18n/strings";
import { nameOf } from "../useDevice";
import { CareDialog, useRecorded, type CareProps } from "./CareDialog";
import { careStrings } from "./strings";

/** Records that people sanitised a device by its model's recipe, before a witness. */
export default function SanitisationDialog({ device, onClose }: CareProps) {
  const t = useT(careStrings);
  const recorded = useRecorded(onClose);
  const model = api.useQuery("get", "/api/v1/models/{id}", { params: { path: { id: device.model.id } } }, { meta: { live: false } });
  const recipe = model.data?.sanitisation ?? [];
  const [steps, setSteps] = useState<string[]>([]);
  const [typed, setMethod] = useState<string>();
  const [witness, setWitness] = useState("");
  const [checked, setChecked] = useState(false);
  const save = api.useMutation("post", "/api/v1/devices/{id}/sanitisation");
  const problem = save.error ? problemOf(save.error) : undefined;
  const method = typed ?? (recipe.length > 0 ? t("sanitisedForm.recipe", { model: `${device.model.maker} ${device.model.name}` }) : "");
  const needed = (value: string) => (checked && value.trim().length < 2 ? t("sanitisedForm.needed") : undefined);
  const send = () => {
    setChecked(true);
    if (method.trim().length < 2 || witness.trim().length < 2) return;
    save.mutate(
      { params: { path: { id: device.id } }, body: { witness: witness.trim(), method: method.trim(), steps } },
      { onSuccess: () => recorded(t("sanitisedForm.done", { device: nameOf(device) })) },
    );
  };
  return (
    <CareDialog
      title={t("sanitisedForm.title", { device: nameOf(device) })}
      text={t("sanitisedForm.text")}
      submit={t("sanitisedForm.submit")}
      busy={save.isPending}
      {...(problem && { problem })}
      fields={["steps", "method", "witness"]}
      onSubmit={send}
      onClose={onClose}
    >
      {recipe.length > 0 ? (
        <Checkbox.Group label={t("sanitisedForm.steps")} value={steps} onChange={setSteps} error={fieldProblem(problem, "steps")}>
          <Stack gap="xs" mt={4}>
            {recipe.map((step) => (
              <Checkbox key={step} value={step} label={step} />
            ))}
          </Stack>
        </Checkbox.Group>
      ) : (
        <Text size="sm" c="dimmed">
          {t("sanitisedForm.noSteps")}
        </Text>
      )}
      <TextInput
        label={t("sanitisedForm.method")}
        withAsterisk
        maxLength={500}
        value={method}
        error={needed(method) ?? fieldProblem(problem, "method")}
        onChange={(event) => setMethod(event.currentTarget.value)}
      />
      <TextInput
        label={t("sanitisedForm.witness")}
        description={t("sanitisedForm.witnessHint")}
        withAsterisk
        maxLength={120}
        value={witness}
        error={needed(witness) ?? fieldProblem(problem, "witness")}
        onChange={(event) => setWitness(event.currentTarget.value)}
      />
    </CareDialog>
  );
}
