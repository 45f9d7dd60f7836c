import { Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, rest, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { browserOf } from "../../ui/browser";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { Line, Moment, Part } from "../account/Line";
import { accountStrings } from "../account/strings";
import { ActDialog, answerOf } from "./ActDialog";
import type { Person } from "./person";
import { peopleStrings } from "./strings";

/** From where somebody is signed in. */
export function Sessions({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  const own = useT(accountStrings);
  const { id, name } = person;
  const sessions = api.useQuery("get", "/api/v1/sessions", { params: { query: { account_id: id } } });
  const [ending, setEnding] = useState(false);
  const end = api.useMutation("delete", "/api/v1/sessions/{id}", { onSettled: () => void sessions.refetch() });
  return (
    <Part
      title={t("page.sessions", { name })}
      actions={
        (sessions.data?.items.length ?? 0) > 0 && (
          <Button size="xs" variant="default" onClick={() => setEnding(true)}>
            {t("page.endAll")}
          </Button>
        )
      }
    >
      {end.error ? <ProblemAlert error={end.error} /> : null}
      <QueryView query={sessions} isEmpty={(page) => page.items.length === 0} empty={<None>{t("page.sessionsNone")}</None>}>
        {(page) => (
          <Stack gap="sm">
            {page.items.map((one) => (
              <Line
                key={one.id}
                name={own("session", { agent: browserOf(one.user_agent), source: one.source })}
                actions={
                  <Button size="xs" variant="subtle" loading={end.isPending} onClick={() => end.mutate({ params: { path: { id: one.id }, query: { account_id: id } } })}>
                    {t("page.endOne")}
                  </Button>
                }
              >
                <Moment label={own("opened")} at={one.created_at} />
              </Line>
            ))}
          </Stack>
        )}
      </QueryView>
      {ending && (
        <ActDialog
          title={`${t("page.endAll")}: ${name}`}
          text={t("page.endAllText", { name })}
          submit={t("page.endAll")}
          onClose={() => setEnding(false)}
          act={async () => {
            await answerOf(rest.DELETE("/api/v1/sessions/{id}", { params: { path: { id: "others" }, query: { account_id: id } } }));
            void sessions.refetch();
            notifyDone(t("page.ended", { name }));
            setEnding(false);
          }}
        />
      )}
    </Part>
  );
}

/** The programs that act in somebody's name. */
export function Tokens({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  const own = useT(accountStrings);
  const tokens = api.useQuery("get", "/api/v1/tokens", { params: { query: { all: true } } });
  const [revoking, setRevoking] = useState<Schemas["TokenView"]>();
  const mine = (page: Schemas["PageTokenView"]) => page.items.filter((one) => one.account_id === person.id && !one.revoked_at);
  return (
    <Part title={t("page.tokens", { name: person.name })}>
      <QueryView query={tokens} isEmpty={(page) => mine(page).length === 0} empty={<None>{t("page.tokensNone")}</None>}>
        {(page) => (
          <Stack gap="sm">
            {mine(page).map((one) => (
              <Line
                key={one.id}
                name={one.name}
                actions={
                  <Button size="xs" variant="subtle" color="red" aria-label={`${own("revoke")}: ${one.name}`} onClick={() => setRevoking(one)}>
                    {own("revoke")}
                  </Button>
                }
              >
                <Moment label={own("tokenUsed")} at={one.last_used_at} /> · <Moment label={own("tokenEnds")} at={one.expires_at} />
              </Line>
            ))}
          </Stack>
        )}
      </QueryView>
      {revoking && (
        <ActDialog
          title={t("page.revokeTitle", { name: revoking.name })}
          text={t("page.revokeText")}
          submit={own("revoke")}
          color="red"
          onClose={() => setRevoking(undefined)}
          act={async () => {
            await answerOf(rest.DELETE("/api/v1/tokens/{id}", { params: { path: { id: revoking.id } } }));
            void tokens.refetch();
            notifyDone(own("revoked"));
            setRevoking(undefined);
          }}
        />
      )}
    </Part>
  );
}

function None({ children }: { children: string }) {
  return (
    <Text size="sm" c="dimmed">
      {children}
    </Text>
  );
}
