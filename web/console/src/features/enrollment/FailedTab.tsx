import { Stack, Text } from "@mantine/core";
import { useMemo } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Empty } from "../../ui/Empty";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import classes from "./enrollment.module.css";
import { enrollmentStrings } from "./strings";
import { useWhom } from "./useWhom";

type Failure = Schemas["FailureView"];

/** Attempts that came to nothing, with the reason in words and what to do. */
export function FailedTab() {
  const t = useT(enrollmentStrings);
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/enrollment-failures",
    { params: { query: { limit: 100 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const columns = useColumns();
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <QueryView query={query} isEmpty={() => rows.length === 0 && !query.hasNextPage} empty={<Empty title={t("failed.empty")}>{t("failed.emptyText")}</Empty>}>
      {(data) => (
        <Stack gap="xs">
          <Text size="sm" c="dimmed">
            {t("failed.about")}
          </Text>
          <ListTable
            label={t("tabs.failed")}
            rows={rows}
            columns={columns}
            rowId={(f) => f.id}
            total={data.pages[0]?.total ?? 0}
            totalIsFloor={(data.pages[0]?.total ?? 0) > 10_000}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            loadingMore={query.isFetchingNextPage}
          />
        </Stack>
      )}
    </QueryView>
  );
}

function useColumns(): ColumnDef<Failure>[] {
  const t = useT(enrollmentStrings);
  const whom = useWhom();
  return useMemo(
    () => [
      { id: "when", header: t("failed.when"), cell: ({ row: { original: f } }) => <Time at={f.at} /> },
      {
        id: "what",
        header: t("failed.what"),
        cell: ({ row: { original: f } }) => {
          const name = f.serial || t("failed.unknown");
          return f.device_id ? <RouteLink to={`/devices/${f.device_id}`} size="sm">{name}</RouteLink> : name;
        },
      },
      { id: "step", header: t("failed.step"), cell: ({ row: { original: f } }) => t(`failed.kinds.${f.kind}`) },
      {
        id: "why",
        header: t("failed.why"),
        cell: ({ row: { original: f } }) => (
          <div className={classes.sentence}>
            <Text size="sm">{f.reason}</Text>
            <Text size="xs" c="dimmed">
              {[f.help, f.refusals_not_listed_before > 0 && t("failed.more", { count: f.refusals_not_listed_before })].filter(Boolean).join(" ")}
            </Text>
          </div>
        ),
      },
      {
        id: "with",
        header: t("failed.with"),
        cell: ({ row: { original: f } }) => {
          if (!f.invited) return f.remote;
          const to = f.invited.delivery_id ? { to: `/enrollment/deliveries/${f.invited.delivery_id}` } : { to: "/enrollment", search: { invitation: f.invited.id } as never };
          return <RouteLink {...to} size="sm">{whom(f.invited)}</RouteLink>;
        },
      },
    ],
    [t, whom],
  );
}
