import { Alert, Button, Group, Modal, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, rest } from "../../api/client";
import { fieldProblem, problemOf, type Problem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { useWords, valuesOf } from "../../words/words";
import type { Document } from "./kinds";
import { PreviewPanel, type Preview } from "./PreviewPanel";
import { useSelectorWords, type Selector } from "./selector";
import { configurationsStrings } from "./strings";

/** Means a document for some devices, after showing what that would change. A tie is refused here, with its reason. */
export function AssignForm({ document, onClose }: { document: Document; onClose: () => void }) {
  const t = useT(configurationsStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const words = useSelectorWords();
  const [selector, setSelector] = useState<Selector>({});
  const [preview, setPreview] = useState<Preview>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const set = (change: Selector) => {
    const next = { ...selector, ...change };
    setSelector(Object.fromEntries(Object.entries(next).filter(([, value]) => value)) as Selector);
    setPreview(undefined);
    setProblem(undefined);
  };
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (thrown) {
      setPreview(undefined);
      setProblem(problemOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  const look = () =>
    attempt(async () => {
      const { data, error } = await rest.POST("/api/v1/configurations/preview", { body: { assign: document.id, selector } });
      if (error) throw error;
      setPreview(data);
    });
  const assign = () =>
    attempt(async () => {
      const { error } = await rest.POST("/api/v1/assignments", { body: { document_id: document.id, selector } });
      if (error) throw error;
      void client.invalidateQueries();
      notifyDone(t("assign.done", { name: document.name, selector: words(selector) }));
      onClose();
    });
  // What was asked for is below what was typed: it comes into sight, with the button that goes on.
  const buttons = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (preview || problem) buttons.current?.scrollIntoView({ block: "nearest" });
  }, [preview, problem]);
  const refused = problem && (problem.code.startsWith("assignment_") || problem.code === "document_retired");
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ "aria-label": ui("close") }} size="lg" title={t("assign.title", { name: document.name })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void (preview ? assign() : look());
        }}
      >
        <Stack>
          <Text size="sm">{t("assign.about")}</Text>
          <Fields selector={selector} set={set} problem={problem} />
          {refused && (
            <Alert role="alert" color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={t("assign.refused")}>
              <Text size="sm">{problem.detail}</Text>
              <Text size="sm">{problem.help}</Text>
            </Alert>
          )}
          {problem && !refused && <ProblemAlert error={problem} />}
          {preview && <PreviewPanel preview={preview} />}
          <Group justify="flex-end" ref={buttons}>
            <Button variant="default" onClick={onClose}>
              {ui("cancel")}
            </Button>
            <Button type="submit" loading={busy}>
              {t(preview ? "assign.add" : "form.preview")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Fields({ selector, set, problem }: { selector: Selector; set: (change: Selector) => void; problem?: Problem }) {
  const t = useT(configurationsStrings);
  const say = useWords();
  const places = api.useQuery("get", "/api/v1/places");
  const models = api.useQuery("get", "/api/v1/models");
  const error = (name: string) => fieldProblem(problem, name, `selector.${name}`);
  const common = { clearable: true, searchable: true, placeholder: t("assign.any") };
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Select
        {...common}
        label={t("assign.class")}
        data={valuesOf("class").map((value) => ({ value, label: say("class", value) }))}
        value={selector.class ?? null}
        onChange={(value) => set({ class: (value ?? undefined) as Selector["class"] })}
        error={error("class")}
      />
      <Select
        {...common}
        label={t("assign.model")}
        data={(models.data?.items ?? [])
          .filter((model) => !selector.class || model.class === selector.class)
          .map((model) => ({ value: model.id, label: `${model.maker} ${model.name}` }))}
        value={selector.model ?? null}
        onChange={(value) => set({ model: value ?? undefined })}
        error={error("model")}
      />
      <Select
        {...common}
        label={t("assign.place")}
        description={t("assign.placeHint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        data={(places.data?.items ?? []).map((place) => ({ value: place.id, label: place.words }))}
        value={selector.place_id ?? null}
        onChange={(value) => set({ place_id: value ?? undefined })}
        error={error("place_id")}
      />
      <TextInput
        label={t("assign.tag")}
        placeholder={t("assign.any")}
        maxLength={40}
        value={selector.tag ?? ""}
        onChange={(event) => set({ tag: event.currentTarget.value })}
        error={error("tag")}
      />
      <Select
        {...common}
        searchable={false}
        label={t("assign.ownership")}
        data={(["hospital", "personal"] as const).map((value) => ({ value, label: t(`assign.owners.${value}`) }))}
        value={selector.ownership ?? null}
        onChange={(value) => set({ ownership: (value ?? undefined) as Selector["ownership"] })}
        error={error("ownership")}
      />
    </SimpleGrid>
  );
}
