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
import { useNow } from "../../ui/useNow";
import { breakGlassStrings } from "./strings";

export type Glass = Schemas["BreakGlassView"];

/** Break-glasses: those that wait for their review first. */
export default function BreakGlassesPage() {
  const t = useT(breakGlassStrings);
  const navigate = useNavigate();
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/break-glass",
    { params: { query: { limit: 50 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const columns = useColumns();
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={t("title")} about={t("about")}>
      <QueryView query={query} isEmpty={() => rows.length === 0} empty={<Empty title={t("empty")}>{t("emptyText")}</Empty>}>
        {() => (
          <ListTable
            label={t("title")}
            rows={rows}
            columns={columns}
            rowId={(glass) => glass.id}
            narrow={narrow}
            total={rows.length}
            totalIsFloor={query.hasNextPage}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            loadingMore={query.isFetchingNextPage}
            onOpen={(glass) => void navigate({ to: `/break-glass/${glass.id}` })}
          />
        )}
      </QueryView>
    </Page>
  );
}

const narrow = {
  height: 84,
  cell: (glass: Glass) => (
    <>
      <RouteLink to={`/break-glass/${glass.id}`} fw={600} size="sm">
        {glass.serial}
      </RouteLink>{" "}
      <Time at={glass.begun_at} />
      <ReviewState glass={glass} />
    </>
  ),
};

/** How far its review is. */
export function ReviewState({ glass }: { glass: Glass }) {
  const t = useT(breakGlassStrings);
  const now = useNow();
  if (glass.reviewed_at) return <Text size="sm">{t(glass.justified ? "justified" : "notJustified")}</Text>;
  const late = new Date(glass.review_due_at).getTime() < now;
  return (
    <Text size="sm" fw={600}>
      {t(late ? "late" : "waits")} <Time at={glass.review_due_at} as="clock" />
    </Text>
  );
}

function useColumns(): ColumnDef<Glass>[] {
  const t = useT(breakGlassStrings);
  return useMemo(
    () => [
      {
        id: "device",
        header: t("columns.device"),
        cell: ({ row: { original: g } }) => (
          <RouteLink to={`/break-glass/${g.id}`} fw={600}>
            {g.serial}
          </RouteLink>
        ),
      },
      { id: "begun", header: t("columns.begun"), cell: ({ row: { original: g } }) => <Time at={g.begun_at} /> },
      { id: "by", header: t("columns.by"), cell: ({ row: { original: g } }) => `${g.asked_by}, ${g.agreed_by}` },
      { id: "review", header: t("columns.review"), cell: ({ row: { original: g } }) => <ReviewState glass={g} /> },
    ],
    [t],
  );
}
