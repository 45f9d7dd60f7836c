import { Button, Group, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { rest } from "../../api/client";
import { fieldProblem, problemOf, type Problem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { RouteButton, RouteLink } from "../../ui/RouteLink";
import { uiStrings } from "../../ui/strings";
import { text, useAddress } from "../../ui/useAddress";
import { ContentForm } from "./ContentForm";
import { blank, subkinds, type Content, type Subkind } from "./kinds";
import { configurationsStrings } from "./strings";

/** A new document. Nothing follows from it until it is assigned. */
export default function NewConfigurationPage() {
  const t = useT(configurationsStrings);
  const ui = useT(uiStrings);
  const navigate = useNavigate();
  const client = useQueryClient();
  const [{ subkind }, set] = useAddress((raw) => ({ subkind: subkinds.find((kind) => kind === text(raw, "kind")) ?? "text" }));
  const [name, setName] = useState("");
  const [note, setNote] = useState("");
  const [content, setContent] = useState<Content | undefined>(() => blank(subkind));
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const choose = (kind: string | null) => {
    if (!kind) return;
    setContent(blank(kind as Subkind));
    setProblem(undefined);
    set({ kind }, { replace: true });
  };
  const save = async () => {
    if (!content) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const { data, error } = await rest.POST("/api/v1/configurations", {
        body: { subkind, name: name.trim(), content: content as never, note: note.trim() || undefined },
      });
      if (error) throw error;
      void client.invalidateQueries();
      notifyDone(t("form.created", { name: data.name }));
      void navigate({ to: `/configurations/${data.id}`, search: { tab: "assignments" } as never });
    } catch (thrown) {
      setProblem(problemOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  const atField = fieldProblem(problem, "name") ?? (problem?.errors?.some((error) => error.name.includes("content")) || undefined);
  return (
    <Page
      title={t("add")}
      above={
        <RouteLink to="/configurations" size="sm">
          {t("title")}
        </RouteLink>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Stack>
          <Select
            label={t("kind")}
            description={t(`kindAbout.${subkind}`)}
            maw={640}
            allowDeselect={false}
            data={subkinds.map((kind) => ({ value: kind, label: t(`kinds.${kind}`) }))}
            value={subkind}
            onChange={choose}
          />
          <TextInput
            label={t("form.name")}
            description={t("form.nameHint")}
            required
            maw={640}
            maxLength={80}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={fieldProblem(problem, "name")}
          />
          <ContentForm key={subkind} subkind={subkind} content={content ?? {}} onChange={setContent} problem={problem} />
          <Textarea label={t("form.note")} description={t("form.noteHint")} maw={640} maxLength={500} autosize value={note} onChange={(event) => setNote(event.currentTarget.value)} />
          {problem && !atField && <ProblemAlert error={problem} />}
          <Group>
            <Button type="submit" loading={busy} disabled={!content}>
              {t("form.create")}
            </Button>
            <RouteButton to="/configurations" variant="default">
              {ui("cancel")}
            </RouteButton>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}
