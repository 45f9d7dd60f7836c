import { Alert, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { IconArrowLeft, IconLock, IconUser } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../../api/client";
import { problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { useMay, useMe } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { useNow } from "../../ui/useNow";
import { useWords } from "../../words/words";
import { Part } from "../account/Line";
import { SignIn } from "./Access";
import { WaitingChange } from "./Changes";
import { EditPerson } from "./EditPerson";
import { History } from "./History";
import { NewRoles } from "./NewRoles";
import { isOver, type Person } from "./person";
import { useScopeWords } from "./ScopeWords";
import { Sessions, Tokens } from "./SessionsTokens";
import { Standing } from "./Standing";
import { StatusButton } from "./StatusButton";
import { peopleStrings } from "./strings";

/** One person: what they may do, what that waits for, and how they sign in. */
export default function PersonPage() {
  const t = useT(peopleStrings);
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const account = api.useQuery("get", "/api/v1/accounts/{id}", { params: { path: { id } } });
  const back = (
    <RouteLink to="/people" size="sm">
      <Group gap={4}>
        <IconArrowLeft size={14} aria-hidden />
        {t("page.back")}
      </Group>
    </RouteLink>
  );
  if (!account.data && account.error && problemOf(account.error).status === 404) {
    return (
      <Page title={t("person")} above={back}>
        <Empty icon={IconUser} title={t("page.gone")} />
      </Page>
    );
  }
  return (
    <Page title={account.data?.name ?? t("person")} about={account.data?.username} above={back} actions={account.data && <StatusButton person={account.data} />}>
      <QueryView query={account}>{(person) => <Parts person={person} />}</QueryView>
    </Page>
  );
}

function Parts({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  const may = useMay();
  const me = useMe();
  const now = useNow();
  const own = me.id === person.id;
  const changes = api.useQuery("get", "/api/v1/account-changes", { params: { query: { account_id: person.id } } });
  const waiting = changes.data?.items.filter((one) => one.state === "pending" && !isOver(one, now)) ?? [];
  return (
    <Stack>
      <Group gap="xs">
        <Standing person={person} waits={waiting.length > 0} />
        {person.founder && (
          <Badge variant="light" color="gray" tt="none">
            {t("founder")}
          </Badge>
        )}
      </Group>
      {person.disabled && (
        <Alert color="red" variant="light" icon={<IconLock aria-hidden />}>
          {t("page.isDisabled")}
        </Alert>
      )}
      {own && (
        <Alert color="gray" variant="light">
          {t("page.own")} <RouteLink to="/account">{t("page.ownLink")}</RouteLink>
        </Alert>
      )}
      {waiting.length > 0 && (
        <Part title={t("changes")} about={t("changesAbout")}>
          {waiting.map((one) => (
            <WaitingChange key={one.id} change={one} />
          ))}
        </Part>
      )}
      <NewRoles person={person} />
      <Rights person={person} />
      <SignIn person={person} />
      {!own && may("sessions.manage") && <Sessions person={person} />}
      {!own && may("tokens.manage") && <Tokens person={person} />}
      <History changes={changes} />
    </Stack>
  );
}

function Rights({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  const say = useWords();
  const may = useMay();
  const scope = useScopeWords();
  const [editing, setEditing] = useState(false);
  return (
    <Part
      title={t("page.rights")}
      actions={
        may("accounts.manage") && (
          <Button size="xs" variant="default" onClick={() => setEditing(true)}>
            {t("page.change")}
          </Button>
        )
      }
    >
      {person.roles.length === 0 && <Text c="dimmed">{t("noRoles")}</Text>}
      {person.roles.map((role) => (
        <div key={role}>
          <Text fw={500}>{say("role", role)}</Text>
          <Text size="sm" c="dimmed">
            {say("roleMeans", role)}
          </Text>
        </div>
      ))}
      {person.roles.length > 0 && (
        <Text component="div" size="sm">
          {scope(person.scope).map((line) => (
            <div key={line}>{line}</div>
          ))}
        </Text>
      )}
      {editing && <EditPerson person={person} onClose={() => setEditing(false)} />}
    </Part>
  );
}
