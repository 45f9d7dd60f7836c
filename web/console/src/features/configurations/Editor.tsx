import { Alert, Button, Group, Stack, Textarea } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { rest } from "../../api/client";
import { problemOf, type Problem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { ContentForm } from "./ContentForm";
import type { Content, Document } from "./kinds";
import { PreviewPanel, type Preview } from "./PreviewPanel";
import { configurationsStrings } from "./strings";

interface Props {
  document: Document;
  /** What the form begins with: what the document says now, or what an earlier version said. */
  from: Content;
  fromVersion?: number;
  onClose: () => void;
}

/**
 * A new version of a document. What would change is looked at first: only then
 * can it be published, and only what was looked at.
 */
export function Editor({ document, from, fromVersion, onClose }: Props) {
  const t = useT(configurationsStrings);
  const client = useQueryClient();
  const [base, setBase] = useState(document.version);
  const [content, setContent] = useState<Content | undefined>(from);
  const [note, setNote] = useState("");
  const [preview, setPreview] = useState<Preview>();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const stale = document.version !== base;

  const attempt = async (work: (content: Content) => Promise<void>) => {
    if (!content) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await work(content);
    } catch (thrown) {
      setPreview(undefined);
      setProblem(problemOf(thrown));
      void client.invalidateQueries();
    } finally {
      setBusy(false);
    }
  };
  const look = () =>
    attempt(async (wanted) => {
      const { data, error } = await rest.POST("/api/v1/configurations/preview", { body: { publish: document.id, content: wanted as never } });
      if (error) throw error;
      setPreview(data);
    });
  const publish = () =>
    attempt(async (wanted) => {
      const { data, error } = await rest.POST("/api/v1/configurations/{id}/versions", {
        params: { path: { id: document.id }, header: { "If-Match": `"${base}"` } },
        body: { content: wanted as never, note: note.trim() || undefined },
      });
      if (error) throw error;
      void client.invalidateQueries();
      notifyDone(t("form.published", { version: data.version, name: data.name }));
      onClose();
    });
  const change = (next: Content | undefined) => {
    setContent(next);
    setPreview(undefined);
    setProblem(undefined);
  };
  const atFields = problem?.errors?.some((error) => error.name.includes("content"));
  return (
    <Stack>
      {fromVersion !== undefined && <Alert variant="light">{t("form.fromVersion", { version: fromVersion })}</Alert>}
      <ContentForm subkind={document.subkind} content={content ?? {}} onChange={change} problem={problem} />
      <Textarea label={t("form.note")} description={t("form.noteHint")} maw={640} maxLength={500} autosize value={note} onChange={(event) => setNote(event.currentTarget.value)} />
      {stale && (
        <Alert role="alert" color="orange" variant="light" title={t("form.staleTitle", { version: document.version })}>
          {t("form.staleText")}
          <div>
            <Button mt="sm" size="xs" variant="default" onClick={() => setBase(document.version)}>
              {t("form.staleGo", { version: document.version })}
            </Button>
          </div>
        </Alert>
      )}
      {problem && !atFields && !(stale && problem.status === 412) && <ProblemAlert error={problem} />}
      {preview && <PreviewPanel preview={preview} />}
      <Group>
        {preview && !stale ? (
          <Button loading={busy} onClick={() => void publish()}>
            {t("form.publish", { version: base + 1 })}
          </Button>
        ) : (
          <Button loading={busy} disabled={!content || stale} onClick={() => void look()}>
            {t("form.preview")}
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          {t("form.cancel")}
        </Button>
      </Group>
    </Stack>
  );
}
