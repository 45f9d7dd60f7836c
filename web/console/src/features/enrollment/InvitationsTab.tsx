import { Group, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Empty } from "../../ui/Empty";
import { later } from "../../ui/later";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { text, useAddress } from "../../ui/useAddress";
import { useWords } from "../../words/words";
import { Progress } from "./Progress";
import { enrollmentStrings } from "./strings";
import { useNames } from "./useNames";
import { useWhom } from "./useWhom";

const InvitationDrawer = later(() => import("./InvitationDrawer").then((module) => module.InvitationDrawer));

type Invitation = Schemas["InvitationView"];

const states = ["open", "used", "expired", "cancelled"] as const;

/** Who was invited, and what is missing until their device is there. */
export function InvitationsTab() {
  const t = useT(enrollmentStrings);
  const [{ state, q, id }, set] = useAddress((raw) => ({
    state: states.find((s) => s === text(raw, "state")),
    q: text(raw, "q"),
    id: text(raw, "invitation"),
  }));
  const [opened, setOpened] = useState(false);
  if (id && !opened) setOpened(true); // from then on it stays, to slide in and out
  const [typed, setTyped] = useState(q ?? "");
  const search = useDebouncedCallback((value: string) => set({ q: value.trim() || undefined }, { replace: true }), 250);
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/invitations",
    { params: { query: { state, q, limit: 100 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const columns = useColumns();
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <SegmentedControl
          aria-label={t("stateFilter")}
          value={state ?? "all"}
          onChange={(to) => set({ state: to === "all" ? undefined : to })}
          data={(["all", ...states] as const).map((value) => ({ value, label: t(`states.${value}`) }))}
        />
        <TextInput
          type="search"
          aria-label={t("search")}
          placeholder={t("search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={typed}
          maxLength={120}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            search(event.currentTarget.value);
          }}
        />
      </Group>
      <QueryView query={query} isEmpty={() => rows.length === 0 && !query.hasNextPage} empty={<Empty title={t("empty")}>{t("emptyText")}</Empty>}>
        {(data) => (
          <ListTable
            label={t("tabs.invitations")}
            rows={rows}
            columns={columns}
            rowId={(i) => i.id}
            total={data.pages[0]?.total ?? 0}
            totalIsFloor={(data.pages[0]?.total ?? 0) > 10_000}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            loadingMore={query.isFetchingNextPage}
            onOpen={(i) => set({ invitation: i.id })}
            isSelected={(i) => i.id === id}
          />
        )}
      </QueryView>
      {opened && <InvitationDrawer id={id} onClose={() => set({ invitation: undefined })} />}
    </Stack>
  );
}

function useColumns(): ColumnDef<Invitation>[] {
  const t = useT(enrollmentStrings);
  const say = useWords();
  const names = useNames();
  const whom = useWhom();
  return useMemo(
    () => [
      {
        id: "whom",
        header: t("columns.whom"),
        cell: ({ row: { original: i } }) => (
          <RouteLink to="/enrollment" search={((before: object) => ({ ...before, invitation: i.id })) as never} fw={600} size="sm">
            {whom(i)}
          </RouteLink>
        ),
      },
      {
        id: "what",
        header: t("columns.what"),
        cell: ({ row: { original: i } }) => (
          <>
            <Text size="sm">{say("class", i.class)}</Text>
            <Text size="xs" c="dimmed" truncate maw={300} title={names.place(i.place_id)}>
              {[names.model(i.model), names.place(i.place_id), i.for === "serial" ? i.owner : ""].filter(Boolean).join(" · ")}
            </Text>
          </>
        ),
      },
      { id: "progress", header: t("columns.progress"), cell: ({ row: { original: i } }) => <Progress invitation={i} /> },
      { id: "made", header: t("columns.made"), cell: ({ row: { original: i } }) => <Time at={i.created_at} /> },
      { id: "expires", header: t("columns.expires"), cell: ({ row: { original: i } }) => (i.state === "open" ? <Time at={i.expires_at} /> : null) },
    ],
    [t, say, names, whom],
  );
}
