import { Badge, Checkbox, Group, Select, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Empty } from "../../ui/Empty";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { text, useAddress } from "../../ui/useAddress";
import { handheldsStrings } from "./strings";

export type Handheld = Schemas["SharedHandheldView"];

/** Who has which handheld; those that are overdue by themselves, the longest first. */
export function HandheldList() {
  const t = useT(handheldsStrings);
  const navigate = useNavigate();
  const [{ overdue, ward }, setAddress] = useAddress((raw) => ({ overdue: text(raw, "overdue") === "true", ward: text(raw, "ward") }));
  const places = api.useQuery("get", "/api/v1/places", { params: { query: { limit: 200 } } });
  const wards = (places.data?.items ?? []).filter((place) => place.kind === "ward");
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/shared-handhelds",
    { params: { query: { limit: 100, overdue: overdue || undefined, place_id: ward } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const columns = useColumns();
  return (
    <Stack gap="md">
      <Select
        label={t("ward")}
        placeholder={t("allWards")}
        data={wards.map((place) => ({ value: place.id, label: place.words }))}
        value={ward ?? null}
        onChange={(value) => setAddress({ ward: value ?? undefined }, { replace: true })}
        searchable
        clearable
        maw={420}
      />
      <Checkbox label={t("overdueOnly")} checked={overdue} onChange={(event) => setAddress({ overdue: event.currentTarget.checked ? "true" : undefined }, { replace: true })} />
      <QueryView
        query={query}
        isEmpty={(data) => data.pages[0]?.items.length === 0}
        empty={<Empty title={t(overdue ? "noneOverdue" : "empty")}>{t(overdue ? "noneOverdueText" : "emptyText")}</Empty>}
      >
        {(data) => (
          <ListTable
            label={t("title")}
            rows={data.pages.flatMap((page) => page.items)}
            columns={columns}
            rowId={(handheld) => handheld.id}
            narrow={narrow}
            total={data.pages[0]?.total ?? 0}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            loadingMore={query.isFetchingNextPage}
            onOpen={(handheld) => void navigate({ to: `/devices/${handheld.id}` })}
          />
        )}
      </QueryView>
    </Stack>
  );
}

const narrow = { height: 104, cell: (handheld: Handheld) => <Narrow handheld={handheld} /> };

function Narrow({ handheld }: { handheld: Handheld }) {
  return (
    <>
      <Group gap="xs">
        <RouteLink to={`/devices/${handheld.id}`} fw={600}>
          {handheld.label}
        </RouteLink>
        <State handheld={handheld} />
      </Group>
      <Text size="sm">{handheld.ward}</Text>
      {handheld.use && !handheld.use.ended_at && (
        <Text size="sm">
          {handheld.use.name} · <Time at={handheld.use.taken_at} />
        </Text>
      )}
    </>
  );
}

const colours: Record<Handheld["state"], string> = { free: "green", out: "gray", overdue: "red", clearing: "yellow", lost: "red", out_of_use: "gray" };

export function State({ handheld }: { handheld: Handheld }) {
  const t = useT(handheldsStrings);
  return (
    <Badge color={colours[handheld.state]} variant="light" tt="none">
      {t(`state.${handheld.state}`)}
    </Badge>
  );
}

function useColumns(): ColumnDef<Handheld>[] {
  const t = useT(handheldsStrings);
  return useMemo(() => {
    const open = (handheld: Handheld) => (handheld.use && !handheld.use.ended_at ? handheld.use : undefined);
    return [
      {
        id: "label",
        header: t("columns.label"),
        cell: ({ row: { original: h } }) => (
          <RouteLink to={`/devices/${h.id}`} fw={600}>
            {h.label}
          </RouteLink>
        ),
      },
      { id: "ward", header: t("columns.ward"), cell: ({ row: { original: h } }) => h.ward || t("noWard") },
      { id: "state", header: t("columns.state"), cell: ({ row: { original: h } }) => <State handheld={h} /> },
      { id: "holder", header: t("columns.holder"), cell: ({ row: { original: h } }) => open(h)?.name },
      { id: "since", header: t("columns.since"), cell: ({ row: { original: h } }) => open(h) && <Time at={h.use?.taken_at} /> },
      { id: "due", header: t("columns.due"), cell: ({ row: { original: h } }) => open(h) && <Time at={h.use?.due_at} /> },
      { id: "note", header: t("columns.note"), cell: ({ row: { original: h } }) => <Done handheld={h} /> },
    ];
  }, [t]);
}

/** What the rule did, and what the holder said. */
function Done({ handheld }: { handheld: Handheld }) {
  const t = useT(handheldsStrings);
  const { use } = handheld;
  if (!use) return null;
  const words = [
    use.disputed_at && !use.ended_at && t("disputed"),
    use.locked_at && !use.released_at ? t(handheld.locked ? "locked" : "lockAsked") : use.reminded_at && !use.ended_at && t("reminded"),
    use.note,
  ].filter(Boolean);
  return <Text size="sm">{words.join(" · ")}</Text>;
}
