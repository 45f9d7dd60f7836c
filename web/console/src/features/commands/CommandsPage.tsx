import { Group, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMe } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useAddress } from "../../ui/useAddress";
import { useWords } from "../../words/words";
import { CommandBadges } from "./CommandBadges";
import { CommandFilters, queryOf, readFilters } from "./CommandFilters";
import { commandsStrings } from "./strings";
import { Tabs } from "./Tabs";
import type { Command } from "./useCommand";

/** What was asked of devices, and what became of it. */
export default function CommandsPage() {
  const t = useT(commandsStrings);
  const navigate = useNavigate();
  const [filters, setFilters] = useAddress(readFilters);
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/commands",
    { params: { query: { ...queryOf(filters), limit: 100 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const columns = useColumns();
  return (
    <Page title={t("title")} above={<Tabs />}>
      <CommandFilters filters={filters} set={setFilters} />
      <QueryView query={query} isEmpty={(data) => data.pages[0]?.items.length === 0} empty={<Empty title={t("empty")}>{t("emptyText")}</Empty>}>
        {(data) => (
          <ListTable
            label={t("title")}
            rows={data.pages.flatMap((page) => page.items)}
            columns={columns}
            rowId={(command) => command.id}
            narrow={narrow}
            total={data.pages[0]?.total ?? 0}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            loadingMore={query.isFetchingNextPage}
            onOpen={(command) => void navigate({ to: `/commands/${command.id}` })}
          />
        )}
      </QueryView>
    </Page>
  );
}

const narrow = { height: 86, cell: (command: Command) => <Card command={command} /> };

/** A command on a phone: what, of which device, how it stands. */
function Card({ command }: { command: Command }) {
  const say = useWords();
  return (
    <>
      <RouteLink to={`/commands/${command.id}`} fw={600}>
        {say("kind", command.kind)}: {command.device.serial}
      </RouteLink>
      <Group gap="xs" justify="space-between" wrap="nowrap">
        <CommandBadges command={command} />
        <Text size="xs" c="dimmed">
          <Time at={command.created_at} />
        </Text>
      </Group>
    </>
  );
}

function useColumns(): ColumnDef<Command>[] {
  const t = useT(commandsStrings);
  const say = useWords();
  const me = useMe();
  return useMemo(
    () => [
      {
        id: "kind",
        header: t("columns.kind"),
        cell: ({ row: { original: c } }) => (
          <RouteLink to={`/commands/${c.id}`} fw={600}>
            {say("kind", c.kind)}
          </RouteLink>
        ),
      },
      {
        id: "device",
        header: t("columns.device"),
        cell: ({ row: { original: c } }) => (
          <>
            <RouteLink to={`/devices/${c.device_id}`}>{c.device.serial}</RouteLink>{" "}
            <Text span size="sm" c="dimmed">
              {c.device.owner || say("class", c.device.class)}
            </Text>
          </>
        ),
      },
      { id: "state", header: t("columns.state"), cell: ({ row: { original: c } }) => <CommandBadges command={c} /> },
      {
        id: "why",
        header: t("columns.why"),
        cell: ({ row: { original: c } }) => (
          <Text size="sm" lineClamp={1} maw={340} title={c.why_waiting}>
            {c.state === "succeeded" && !c.outcome ? "" : c.why_waiting}
          </Text>
        ),
      },
      {
        id: "by",
        header: t("columns.by"),
        cell: ({ row: { original: c } }) => <Text size="sm">{c.requester_id === me.id ? `${c.requested_by} ✓` : c.requested_by}</Text>,
      },
      { id: "at", header: t("columns.at"), cell: ({ row: { original: c } }) => <Time at={c.created_at} /> },
    ],
    [t, say, me.id],
  );
}
