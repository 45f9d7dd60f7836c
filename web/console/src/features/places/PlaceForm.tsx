import { Alert, Button, Checkbox, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { rest } from "../../api/client";
import { fieldProblem, problemOf, type Problem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { placesStrings } from "./strings";
import { kindAbove, kindBelow, type Place } from "./tree";

interface Props {
  places: Place[];
  /** The place to change; without one, a new one is made below `parent`. */
  place?: Place;
  parent?: Place;
  onClose: () => void;
}

interface Values {
  name: string;
  parent_id: string;
  care_area: boolean;
}

/** Adds a place, or renames and moves one. */
export function PlaceForm({ places, place, parent, onClose }: Props) {
  const t = useT(placesStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  // What was read when the dialog was opened, or when somebody else's change was shown.
  const [read, setRead] = useState(place);
  const kind = place?.kind ?? kindBelow(parent?.kind) ?? "ward";
  const above = kindAbove(kind);
  const form = useForm<Values>({
    initialValues: { name: place?.name ?? "", parent_id: place?.parent_id ?? parent?.id ?? "", care_area: place?.care_area ?? false },
  });
  const stale = problem?.status === 412 && read;
  const save = async (values: Values) => {
    setBusy(true);
    setProblem(undefined);
    const body = { name: values.name.trim(), parent_id: values.parent_id, care_area: values.care_area };
    const { error } = read
      ? await rest.PATCH("/api/v1/places/{id}", {
          params: { path: { id: read.id }, header: { "If-Match": `"${read.version}"` } },
          // Nobody is asked to move what stays where it is.
          body: { ...body, parent_id: body.parent_id === read.parent_id ? undefined : body.parent_id },
        })
      : await rest.POST("/api/v1/places", { body: { ...body, kind } });
    setBusy(false);
    if (error) {
      const said = problemOf(error);
      if (said.status === 412 && read) {
        const { data } = await rest.GET("/api/v1/places/{id}", { params: { path: { id: read.id } } });
        if (data) setRead(data);
      }
      setProblem(said);
      return;
    }
    void client.invalidateQueries();
    notifyDone(t(place ? "form.saved" : "form.added", { name: body.name }));
    onClose();
  };
  const submit = form.onSubmit((values) => save(values).catch((error: unknown) => {
    setBusy(false);
    setProblem(problemOf(error));
  }));
  const parents = places.filter((p) => p.kind === above).map((p) => ({ value: p.id, label: p.words }));
  const fields = { name: fieldProblem(problem, "name"), parent: fieldProblem(problem, "parent_id") };
  return (
    <Modal
      opened
      onClose={onClose} closeButtonProps={{ "aria-label": ui("close") }}
      title={place ? t("form.editTitle", { name: place.name }) : [t(`add.${kind}`), parent && t("form.addIn", { name: parent.name })].filter(Boolean).join(" ")}
    >
      <form onSubmit={submit}>
        <Stack>
          {problem && !stale && !fields.name && !fields.parent && <ProblemAlert error={problem} />}
          {stale && (
            <Alert role="alert" color="orange" variant="light" title={problem.detail}>
              <Text size="sm" fw={600}>
                {t("form.nowTitle")}
              </Text>
              <Text size="sm">
                {read.kind === "site"
                  ? t("form.nowSite", { name: read.name })
                  : t("form.nowText", { name: read.name, parent: places.find((p) => p.id === read.parent_id)?.words ?? "" })}{" "}
                {t(read.care_area ? "careArea" : "notCareArea")}
              </Text>
            </Alert>
          )}
          <TextInput label={t("form.name")} required maxLength={120} data-autofocus {...form.getInputProps("name")} error={fields.name} />
          {above && above in { site: 1, building: 1, floor: 1 } && (
            <Select
              label={t(`form.parent.${kind as "building" | "floor" | "ward"}`)}
              required
              searchable
              allowDeselect={false}
              data={parents}
              {...form.getInputProps("parent_id")}
              error={fields.parent}
            />
          )}
          <Checkbox label={t("form.careArea")} description={t("form.careAreaHint")} {...form.getInputProps("care_area", { type: "checkbox" })} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {ui("cancel")}
            </Button>
            <Button type="submit" loading={busy}>
              {stale ? t("form.overwrite") : t("form.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
