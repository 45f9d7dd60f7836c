import { Alert, Button, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { handheldsStrings } from "./strings";

/** Puts a badge on an account, or takes it off. The number is not shown again: it is not kept. */
export function Badges() {
  const t = useT(handheldsStrings);
  const [username, setUsername] = useState("");
  const [number, setNumber] = useState("");
  const put = api.useMutation("put", "/api/v1/badges", {
    onSuccess: () => {
      setUsername("");
      setNumber("");
    },
  });
  const problem = put.error ? problemOf(put.error) : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate({ body: { username: username.trim(), badge: number.trim() } });
  };
  return (
    <form onSubmit={submit}>
      <Stack maw={520}>
        <Text c="dimmed">{t("badge.about")}</Text>
        {problem && <ProblemAlert error={put.error} />}
        <div role="status">
          {put.data && (
            <Alert color="green" variant="light">
              {t(put.data.has_badge ? "badge.set" : "badge.removed", { name: put.data.username })}
            </Alert>
          )}
        </div>
        <TextInput label={t("badge.username")} value={username} onChange={(event) => setUsername(event.currentTarget.value)} required maxLength={200} autoComplete="off" autoCapitalize="none" spellCheck={false} />
        <TextInput
          label={t("badge.number")}
          description={t("badge.numberHint")}
          value={number}
          onChange={(event) => setNumber(event.currentTarget.value)}
          maxLength={64}
          autoComplete="off"
          spellCheck={false}
          error={fieldProblem(problem, "badge")}
        />
        <div>
          <Button type="submit" loading={put.isPending}>
            {t("badge.save")}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
