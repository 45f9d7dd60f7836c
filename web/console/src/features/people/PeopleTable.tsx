import { Group, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useT } from "../../i18n/strings";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import type { Person } from "./person";
import { FactorSign, Roles, Standing } from "./Standing";
import { peopleStrings } from "./strings";
import type { usePeople } from "./usePeople";

interface Props {
  people: ReturnType<typeof usePeople>;
  /** The accounts with a change that waits for a second person. */
  waiting: ReadonlySet<string>;
  about: string;
}

const idOf = (person: Person) => person.id;

export function PeopleTable({ people, waiting, about }: Props) {
  const t = useT(peopleStrings);
  const navigate = useNavigate();
  const rows = useMemo(() => people.data?.pages.flatMap((page) => page.items) ?? [], [people.data]);
  const columns = useMemo<ColumnDef<Person>[]>(
    () => [
      { id: "name", header: t("columns.name"), size: 260, cell: ({ row }) => <Name person={row.original} /> },
      { id: "roles", header: t("columns.roles"), size: 200, cell: ({ row }) => <Roles roles={row.original.roles} /> },
      { id: "standing", header: t("columns.standing"), size: 290, cell: ({ row }) => <Standing person={row.original} waits={waiting.has(row.original.id)} /> },
      { id: "factor", header: t("columns.factor"), size: 140, cell: ({ row }) => <FactorSign person={row.original} /> },
      { id: "last", header: t("columns.lastSignIn"), size: 140, cell: ({ row }) => <LastSignIn person={row.original} /> },
    ],
    [t, waiting],
  );
  const narrow = useMemo(() => ({ height: 112, cell: (person: Person) => <Card person={person} waits={waiting.has(person.id)} /> }), [waiting]);
  return (
    <ListTable
      label={t("title")}
      rows={rows}
      columns={columns}
      rowId={idOf}
      total={people.data?.pages[0]?.total ?? rows.length}
      more={people.hasNextPage ? () => void people.fetchNextPage() : undefined}
      loadingMore={people.isFetchingNextPage}
      onOpen={(person) => void navigate({ to: `/people/${person.id}` })}
      narrow={narrow}
      about={about}
      stale={people.isPlaceholderData}
    />
  );
}

function Name({ person }: { person: Person }) {
  return (
    <Group gap={6} wrap="nowrap">
      <RouteLink to={`/people/${person.id}`} fw={500} size="sm" truncate>
        {person.name}
      </RouteLink>
      <Text size="sm" c="dimmed" truncate>
        {person.username}
      </Text>
    </Group>
  );
}

function LastSignIn({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  if (person.last_sign_in_at) return <Time at={person.last_sign_in_at} />;
  return (
    <Text span inherit c="dimmed">
      {t("signedInNever")}
    </Text>
  );
}

function Card({ person, waits }: { person: Person; waits: boolean }) {
  const t = useT(peopleStrings);
  return (
    <Stack gap={2}>
      <Name person={person} />
      <Text size="sm" truncate>
        <Roles roles={person.roles} />
      </Text>
      <Standing person={person} waits={waits} />
      <Text size="sm" c="dimmed">
        {t("columns.factor")}: {t(person.has_second_factor ? "withFactor" : "withoutFactor")}
      </Text>
    </Stack>
  );
}
