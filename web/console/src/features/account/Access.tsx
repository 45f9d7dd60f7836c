import { Badge, Button, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { api } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { browserOf } from "../../ui/browser";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { Line, Moment, Part } from "./Line";
import { NewToken } from "./NewToken";
import { accountStrings } from "./strings";

export function Password() {
  const t = useT(accountStrings);
  const form = useForm({ initialValues: { present: "", new: "" } });
  const change = api.useMutation("post", "/api/v1/auth/password", {
    onSuccess: () => {
      form.reset();
      notifyDone(t("passwordChanged"));
    },
  });
  const problem = change.error ? problemOf(change.error) : undefined;
  return (
    <Part title={t("password")} about={t("passwordAbout")}>
      <form onSubmit={form.onSubmit((body) => change.mutate({ body }))}>
        <Stack maw={420}>
          {problem && <ProblemAlert error={problem} />}
          <PasswordInput label={t("passwordPresent")} required autoComplete="current-password" maxLength={1024} {...form.getInputProps("present")} />
          <PasswordInput
            label={t("passwordNew")}
            required
            autoComplete="new-password"
            maxLength={1024}
            {...form.getInputProps("new")}
            error={fieldProblem(problem, "new", "password")}
          />
          <Button type="submit" variant="default" loading={change.isPending}>
            {t("passwordChange")}
          </Button>
        </Stack>
      </form>
    </Part>
  );
}

export function Sessions() {
  const t = useT(accountStrings);
  const sessions = api.useQuery("get", "/api/v1/sessions");
  const end = api.useMutation("delete", "/api/v1/sessions/{id}", {
    onSuccess: () => {
      notifyDone(t("ended"));
      void sessions.refetch();
    },
  });
  const others = (sessions.data?.items.length ?? 0) > 1;
  return (
    <Part
      title={t("sessions")}
      actions={
        others && (
          <Button size="xs" variant="default" loading={end.isPending} onClick={() => end.mutate({ params: { path: { id: "others" } } })}>
            {t("endOthers")}
          </Button>
        )
      }
    >
      {end.error ? <ProblemAlert error={end.error} /> : null}
      <QueryView query={sessions}>
        {(page) => (
          <Stack gap="sm">
            {page.items.map((one) => (
              <Line
                key={one.id}
                name={t("session", { agent: browserOf(one.user_agent), source: one.source })}
                actions={
                  one.present ? (
                    <Badge variant="light" tt="none">{t("thisSession")}</Badge>
                  ) : (
                    <Button size="xs" variant="default" loading={end.isPending} onClick={() => end.mutate({ params: { path: { id: one.id } } })}>
                      {t("end")}
                    </Button>
                  )
                }
              >
                <Moment label={t("opened")} at={one.created_at} />
              </Line>
            ))}
          </Stack>
        )}
      </QueryView>
    </Part>
  );
}

export function Tokens() {
  const may = useMay();
  return may("tokens.own") ? <TokenList /> : null;
}

function TokenList() {
  const t = useT(accountStrings);
  const tokens = api.useQuery("get", "/api/v1/tokens");
  const [making, setMaking] = useState(false);
  const revoke = api.useMutation("delete", "/api/v1/tokens/{id}", {
    onSuccess: () => {
      notifyDone(t("revoked"));
      void tokens.refetch();
    },
  });
  return (
    <Part
      title={t("tokens")}
      about={t("tokensAbout")}
      actions={
        <Button size="xs" variant="default" onClick={() => setMaking(true)}>
          {t("tokenMake")}
        </Button>
      }
    >
      {making && <NewToken onClose={() => setMaking(false)} onMade={() => void tokens.refetch()} />}
      {revoke.error ? <ProblemAlert error={revoke.error} /> : null}
      <QueryView query={tokens} isEmpty={(page) => page.items.every((one) => one.revoked_at)} empty={<span>{t("tokensNone")}</span>}>
        {(page) => (
          <Stack gap="sm">
            {page.items
              .filter((one) => !one.revoked_at)
              .map((one) => (
                <Line
                  key={one.id}
                  name={one.name}
                  actions={
                    <Button size="xs" variant="subtle" color="red" loading={revoke.isPending} onClick={() => revoke.mutate({ params: { path: { id: one.id } } })}>
                      {t("revoke")}
                    </Button>
                  }
                >
                  <Moment label={t("tokenUsed")} at={one.last_used_at} /> · <Moment label={t("tokenEnds")} at={one.expires_at} />
                </Line>
              ))}
          </Stack>
        )}
      </QueryView>
    </Part>
  );
}
