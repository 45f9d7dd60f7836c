import { Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Empty } from "../../ui/Empty";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import { BatchProgress } from "./BatchProgress";
import { commandsStrings } from "./strings";
import { Tabs } from "./Tabs";

type Batch = Schemas["BatchBrief"];

/** What was asked of several devices together, and how far each has come. */
export default function BatchesPage() {
  const t = useT(commandsStrings);
  const navigate = useNavigate();
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/batches",
    { params: { query: { limit: 50 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const columns = useColumns();
  return (
    <Page title={t("tabs.batches")} above={<Tabs />}>
      <QueryView query={query} isEmpty={(data) => data.pages[0]?.items.length === 0} empty={<Empty title={t("batches.empty")}>{t("batches.emptyText")}</Empty>}>
        {(data) => (
          <ListTable
            label={t("tabs.batches")}
            rows={data.pages.flatMap((page) => page.items)}
            columns={columns}
            rowId={(batch) => batch.id}
            narrow={narrow}
            total={data.pages[0]?.total ?? 0}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            loadingMore={query.isFetchingNextPage}
            onOpen={(batch) => void navigate({ to: `/batches/${batch.id}` })}
          />
        )}
      </QueryView>
    </Page>
  );
}

const narrow = { height: 104, cell: (batch: Batch) => <Card batch={batch} /> };

/** A batch on a phone. */
function Card({ batch }: { batch: Batch }) {
  const say = useWords();
  return (
    <>
      <RouteLink to={`/batches/${batch.id}`} fw={600}>
        {say("kind", batch.kind)}
      </RouteLink>{" "}
      <Text span size="xs" c="dimmed">
        {batch.requested_by} · <Time at={batch.created_at} />
      </Text>
      <BatchProgress progress={batch.progress} />
    </>
  );
}

function useColumns(): ColumnDef<Batch>[] {
  const t = useT(commandsStrings);
  const say = useWords();
  return useMemo(
    () => [
      {
        id: "kind",
        header: t("batches.columns.kind"),
        cell: ({ row: { original: b } }) => (
          <RouteLink to={`/batches/${b.id}`} fw={600}>
            {say("kind", b.kind)}
          </RouteLink>
        ),
      },
      { id: "progress", header: t("batches.columns.progress"), cell: ({ row: { original: b } }) => <BatchProgress progress={b.progress} /> },
      { id: "state", header: t("batches.columns.state"), cell: ({ row: { original: b } }) => <Text size="sm">{stateOf(t, b)}</Text> },
      { id: "by", header: t("batches.columns.by"), cell: ({ row: { original: b } }) => b.requested_by },
      { id: "at", header: t("batches.columns.at"), cell: ({ row: { original: b } }) => <Time at={b.created_at} /> },
    ],
    [t, say],
  );
}

function stateOf(t: ReturnType<typeof useT<(typeof commandsStrings)["en"]>>, batch: Batch): string {
  if (batch.stopped_at) return t("batches.stopped", { why: batch.stop_reason });
  if (batch.progress.waiting === 0) return t("batches.ended");
  return t((batch.progress.by_state.awaiting_approval ?? 0) > 0 ? "batches.waitsPerson" : "batches.running");
}
