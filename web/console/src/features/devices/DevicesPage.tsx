import { Group } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Schemas } from "../../api/client";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { HoldBadge, TherapyBadge } from "../../ui/badges";
import { Empty } from "../../ui/Empty";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { text, useAddress } from "../../ui/useAddress";
import { useWords } from "../../words/words";
import { devicesStrings } from "./strings";

type Device = Schemas["DeviceView"];

/** The inventory. */
export default function DevicesPage() {
  const t = useT(devicesStrings);
  const navigate = useNavigate();
  const [{ q }] = useAddress((raw) => ({ q: text(raw, "q") }));
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/devices",
    { params: { query: { q, limit: 100 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const columns = useColumns();
  return (
    <Page title={t("title")}>
      <QueryView query={query} isEmpty={(data) => data.pages[0]?.items.length === 0} empty={<Empty title={t("empty")}>{t("emptyText")}</Empty>}>
        {(data) => (
          <ListTable
            label={t("title")}
            rows={data.pages.flatMap((page) => page.items)}
            columns={columns}
            rowId={(device) => device.id}
            total={data.pages[0]?.total ?? 0}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            loadingMore={query.isFetchingNextPage}
            onOpen={(device) => void navigate({ to: `/devices/${device.id}` })}
          />
        )}
      </QueryView>
    </Page>
  );
}

function useColumns(): ColumnDef<Device>[] {
  const t = useT(devicesStrings);
  const say = useWords();
  return useMemo(
    () => [
      { id: "device", header: t("columns.device"), cell: ({ row: { original: d } }) => <RouteLink to={`/devices/${d.id}`}>{d.asset_tag || d.serial}</RouteLink> },
      { id: "class", header: t("columns.class"), cell: ({ row: { original: d } }) => say("class", d.class) },
      { id: "owner", header: t("columns.owner"), cell: ({ row: { original: d } }) => d.owner },
      { id: "place", header: t("columns.place"), cell: ({ row: { original: d } }) => d.place?.words },
      {
        id: "state",
        header: t("columns.state"),
        cell: ({ row: { original: d } }) => (
          <Group gap={4} wrap="nowrap">
            <TherapyBadge state={d.therapy?.state} />
            {d.holds.map((hold) => (
              <HoldBadge kind={hold.kind} key={hold.kind} />
            ))}
          </Group>
        ),
      },
      { id: "lastSeen", header: t("columns.lastSeen"), cell: ({ row: { original: d } }) => <Time at={d.last_seen_at} /> },
    ],
    [t, say],
  );
}
