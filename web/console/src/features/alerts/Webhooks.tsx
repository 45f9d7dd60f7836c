import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, rest } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Line, Part } from "../account/Line";
import { useWrite } from "../guard/useWrite";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { SecretOnce } from "../../ui/SecretOnce";
import { uiStrings } from "../../ui/strings";
import type { Rules } from "./RulesPage";
import { alertsStrings } from "./strings";

/** The programs that are told by HTTPS. */
export function Webhooks({ rules }: { rules: Rules }) {
  const t = useT(alertsStrings);
  const may = useMay();
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const { error, busy, write } = useWrite(() => undefined);
  const test = api.useMutation("post", "/api/v1/alert-tests", {
    onSuccess: (alert) => {
      notifyDone(t("testSent"));
      void navigate({ to: `/alerts/${alert.id}` });
    },
  });
  const wrong = error ?? test.error ?? undefined;
  return (
    <Part
      title={t("webhooks")}
      about={t("webhooksAbout")}
      actions={
        may("settings.manage") && (
          <Button size="xs" variant="default" onClick={() => setAdding(true)}>
            {t("newWebhook")}
          </Button>
        )
      }
    >
      {wrong !== undefined && <ProblemAlert error={wrong} />}
      {rules.webhooks.length === 0 && <Text c="dimmed">{t("webhooksNone")}</Text>}
      {rules.webhooks.map((hook) => (
        <Line
          key={hook.id}
          name={hook.name}
          actions={
            may("settings.manage") && (
              <Group gap="xs">
                <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate({ body: { webhook_id: hook.id } })}>
                  {t("test")}
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  loading={busy}
                  onClick={() => void write(() => rest.DELETE("/api/v1/webhooks/{id}", { params: { path: { id: hook.id } } }), t("removed"))}
                >
                  {t("removeWebhook")}
                </Button>
              </Group>
            )
          }
        >
          {hook.url}
        </Line>
      ))}
      {adding && <Add onClose={() => setAdding(false)} />}
    </Part>
  );
}

function Add({ onClose }: { onClose: () => void }) {
  const t = useT(alertsStrings);
  const ui = useT(uiStrings);
  const [name, setName] = useState("");
  const [url, setURL] = useState("https://");
  const add = api.useMutation("post", "/api/v1/webhooks", { onSuccess: () => notifyDone(t("created")) });
  const problem = add.error ? problemOf(add.error) : undefined;
  return (
    <Modal opened onClose={onClose} title={t("newWebhook")}>
      {add.data ? (
        <SecretOnce label={t("secret")} value={add.data.secret}>
          {t("secretText")}
        </SecretOnce>
      ) : (
        <Stack>
          {problem && <ProblemAlert error={problem} />}
          <TextInput label={t("name")} required data-autofocus maxLength={100} value={name} error={fieldProblem(problem, "name")} onChange={(event) => setName(event.currentTarget.value)} />
          <TextInput label={t("url")} required type="url" maxLength={1000} value={url} error={fieldProblem(problem, "url")} onChange={(event) => setURL(event.currentTarget.value)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {ui("cancel")}
            </Button>
            <Button loading={add.isPending} disabled={name.trim() === "" || url.length < 12} onClick={() => add.mutate({ body: { name: name.trim(), url: url.trim() } })}>
              {t("add")}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
