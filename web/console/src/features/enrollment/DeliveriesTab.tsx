import { Progress as Bar, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Empty } from "../../ui/Empty";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import { enrollmentStrings } from "./strings";
import { useNames } from "./useNames";

type Delivery = Schemas["DeliveryView"];

/** The pallets, and how much of each is in. */
export function DeliveriesTab() {
  const t = useT(enrollmentStrings);
  const navigate = useNavigate();
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/deliveries",
    { params: { query: { limit: 100 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const columns = useColumns();
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <QueryView query={query} isEmpty={() => rows.length === 0} empty={<Empty title={t("deliveries.empty")}>{t("deliveries.emptyText")}</Empty>}>
      {() => (
        <ListTable
          label={t("tabs.deliveries")}
          rows={rows}
          columns={columns}
          rowId={(d) => d.id}
          total={rows.length}
          totalIsFloor={query.hasNextPage}
          more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
          loadingMore={query.isFetchingNextPage}
          onOpen={(d) => void navigate({ to: `/enrollment/deliveries/${d.id}` })}
        />
      )}
    </QueryView>
  );
}

function useColumns(): ColumnDef<Delivery>[] {
  const t = useT(enrollmentStrings);
  const say = useWords();
  const names = useNames();
  return useMemo(
    () => [
      {
        id: "name",
        header: t("deliveries.name"),
        cell: ({ row: { original: d } }) => (
          <RouteLink to={`/enrollment/deliveries/${d.id}`} fw={600} size="sm">
            {d.name}
          </RouteLink>
        ),
      },
      {
        id: "what",
        header: t("columns.what"),
        cell: ({ row: { original: d } }) => (
          <>
            <Text size="sm">{names.model(d.model) || say("class", d.class)}</Text>
            <Text size="xs" c="dimmed">
              {names.place(d.place_id)}
            </Text>
          </>
        ),
      },
      { id: "progress", header: t("deliveries.progress"), cell: ({ row: { original: d } }) => <Enrolled delivery={d} /> },
      {
        id: "bench",
        header: t("deliveries.bench"),
        cell: ({ row: { original: d } }) =>
          d.open_until ? (
            <Text size="sm" component="span">
              {t("deliveries.open")} <Time at={d.open_until} />
            </Text>
          ) : (
            t("deliveries.closed")
          ),
      },
      { id: "created", header: t("deliveries.created"), cell: ({ row: { original: d } }) => <Time at={d.created_at} /> },
    ],
    [t, say, names],
  );
}

/** How many serial numbers of a packing list have enrolled, in numbers and as a bar. */
export function Enrolled({ delivery: d }: { delivery: Delivery }) {
  const t = useT(enrollmentStrings);
  const words = t("delivered", { enrolled: d.enrolled, expected: d.expected });
  return (
    <div>
      <Text size="sm">
        {words}
        {d.enrolled === d.expected ? ` · ${t("deliveries.complete")}` : ` · ${t("deliveries.missing", { count: d.expected - d.enrolled })}`}
      </Text>
      <Bar value={(100 * d.enrolled) / Math.max(d.expected, 1)} size="sm" mt={4} miw={140} aria-label={words} />
    </div>
  );
}
