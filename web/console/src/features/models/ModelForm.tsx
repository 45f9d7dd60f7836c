import { Button, Checkbox, Group, Modal, MultiSelect, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useWords, valuesOf } from "../../words/words";
import { modelStrings } from "./strings";
import { uiStrings } from "../../ui/strings";

type Fields = Schemas["ModelFields"];

interface Props {
  /** The model that is changed; without: one is added. */
  model?: Schemas["ModelView"];
  opened: boolean;
  onClose: () => void;
  onSaved: (model: Schemas["ModelView"]) => void;
}

/** Adds or changes a model. What may not be changed is the server's to say, in its words. */
export function ModelForm({ model, opened, onClose, onSaved }: Props) {
  const t = useT(modelStrings);
  const ui = useT(uiStrings);
  return (
    <Modal closeButtonProps={{ "aria-label": ui("close") }} opened={opened} onClose={onClose} size="lg" title={t(model ? "edit" : "add")}>
      <Form model={model} onClose={onClose} onSaved={onSaved} />
    </Modal>
  );
}

function Form({ model, onClose, onSaved }: Omit<Props, "opened">) {
  const t = useT(modelStrings);
  const say = useWords();
  const client = useQueryClient();
  const [fields, setFields] = useState<Fields>(() => fieldsOf(model));
  const set = (change: Partial<Fields>) => setFields({ ...fields, ...change });
  const done = (saved: Schemas["ModelView"]) => {
    notifyDone(t("saved", { name: `${saved.maker} ${saved.name}` }));
    void client.invalidateQueries();
    onSaved(saved);
  };
  const create = api.useMutation("post", "/api/v1/models", { onSuccess: done });
  const update = api.useMutation("put", "/api/v1/models/{id}", { onSuccess: done });
  const error = create.error ?? update.error;
  const problem = error ? problemOf(error) : undefined;
  const save = () => {
    const body = { ...fields, sanitisation: fields.sanitisation?.map((step) => step.trim()).filter(Boolean) };
    if (model) update.mutate({ params: { path: { id: model.id }, header: { "If-Match": `"${model.version}"` } }, body });
    else create.mutate({ body });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack>
        <Group grow align="flex-start">
          <TextInput label={t("fields.maker")} required maxLength={120} data-autofocus value={fields.maker} onChange={(e) => set({ maker: e.currentTarget.value })} error={fieldProblem(problem, "maker")} />
          <TextInput label={t("fields.name")} required maxLength={120} value={fields.name} onChange={(e) => set({ name: e.currentTarget.value })} error={fieldProblem(problem, "name")} />
        </Group>
        <Select
          label={t("fields.class")}
          description={t("fields.classHint")}
          required
          allowDeselect={false}
          disabled={model !== undefined}
          data={valuesOf("class").map((value) => ({ value, label: say("class", value) }))}
          value={fields.class}
          onChange={(value) => value && set({ class: value as Fields["class"] })}
          error={fieldProblem(problem, "class")}
        />
        <MultiSelect
          label={t("fields.can")}
          description={t("fields.canHint")}
          searchable
          data={valuesOf("kind").map((value) => ({ value, label: say("kind", value) }))}
          value={fields.capabilities ?? []}
          onChange={(kinds) => set({ capabilities: kinds as Fields["capabilities"] })}
          error={fieldProblem(problem, "capabilities")}
        />
        <Textarea label={t("fields.erases")} autosize maxLength={500} value={fields.wipe_erases} onChange={(e) => set({ wipe_erases: e.currentTarget.value })} />
        <Textarea label={t("fields.keeps")} autosize maxLength={500} value={fields.wipe_keeps} onChange={(e) => set({ wipe_keeps: e.currentTarget.value })} />
        <Textarea label={t("fields.sanitisation")} autosize minRows={2} value={fields.sanitisation?.join("\n")} onChange={(e) => set({ sanitisation: e.currentTarget.value.split("\n") })} />
        <Group grow align="flex-start">
          <Select
            label={t("fields.cut")}
            allowDeselect={false}
            data={(["unknown", "safe", "harmful"] as const).map((value) => ({ value, label: t(`cuts.${value}`) }))}
            value={fields.network_cut ?? "unknown"}
            onChange={(value) => set({ network_cut: (value ?? "unknown") as Fields["network_cut"] })}
            error={fieldProblem(problem, "network_cut")}
          />
          <TextInput label={t("fields.cutSource")} maxLength={500} value={fields.network_cut_source} onChange={(e) => set({ network_cut_source: e.currentTarget.value })} error={fieldProblem(problem, "network_cut_source")} />
        </Group>
        <Checkbox label={t("fields.legacy")} checked={fields.legacy_scep ?? false} onChange={(e) => set({ legacy_scep: e.currentTarget.checked })} />
        {error && <ProblemAlert error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" loading={create.isPending || update.isPending}>
            {t(model ? "save" : "create")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function fieldsOf(model?: Schemas["ModelView"]): Fields {
  return {
    maker: model?.maker ?? "",
    name: model?.name ?? "",
    class: model?.class ?? "pump_lvp",
    capabilities: model?.capabilities ?? [],
    wipe_erases: model?.wipe_erases ?? "",
    wipe_keeps: model?.wipe_keeps ?? "",
    sanitisation: model?.sanitisation ?? [],
    network_cut: model?.network_cut ?? "unknown",
    network_cut_source: model?.network_cut_source ?? "",
    legacy_scep: model?.legacy_scep ?? false,
  };
}
