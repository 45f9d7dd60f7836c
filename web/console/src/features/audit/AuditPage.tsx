import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { api, rest, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { later } from "../../ui/later";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { text, useAddress } from "../../ui/useAddress";
import { auditStrings } from "./strings";
import { useActor, useSentence } from "./useSentence";
import { VerifyButton } from "./VerifyButton";

const EventDrawer = later(() => import("./EventDrawer").then((module) => module.EventDrawer));

type Event = Schemas["EventView"];

interface Filters {
  action?: string;
  actor?: string;
  device_id?: string;
  since?: string;
  until?: string;
}

function readFilters(raw: Record<string, unknown>): Filters {
  const moment = (name: string) => {
    const at = new Date(text(raw, name) ?? "");
    return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
  };
  return { action: text(raw, "action"), actor: text(raw, "actor"), device_id: text(raw, "device_id"), since: moment("since"), until: moment("until") };
}

/** What happened, newest first. */
export default function AuditPage() {
  const t = useT(auditStrings);
  const [filters, set] = useAddress(readFilters);
  const [opened, setOpened] = useState<Event>();
  const [once, setOnce] = useState(false);
  if (opened && !once) setOnce(true); // from then on it stays, to slide in and out
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/audit",
    { params: { query: { ...filters, limit: 100 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const columns = useColumns(setOpened);
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={t("title")} about={t("about")} actions={<VerifyButton />}>
      <FilterBar filters={filters} set={set} />
      <QueryView query={query} isEmpty={() => rows.length === 0 && !query.hasNextPage} empty={<Empty title={t("empty")}>{t("emptyText")}</Empty>}>
        {(data) => (
          <ListTable
            label={t("title")}
            rows={rows}
            columns={columns}
            rowId={(e) => e.id}
            total={data.pages[0]?.total ?? 0}
            totalIsFloor={(data.pages[0]?.total ?? 0) > 10_000}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            loadingMore={query.isFetchingNextPage}
            onOpen={setOpened}
          />
        )}
      </QueryView>
      {once && <EventDrawer event={opened} onClose={() => setOpened(undefined)} />}
    </Page>
  );
}

function useColumns(open: (event: Event) => void): ColumnDef<Event>[] {
  const t = useT(auditStrings);
  const sentence = useSentence();
  const actor = useActor();
  return useMemo(
    () => [
      { id: "when", header: t("columns.when"), cell: ({ row: { original: e } }) => <Time at={e.at} as="clock" /> },
      {
        id: "what",
        header: t("columns.what"),
        cell: ({ row: { original: e } }) => (
          <>
            <Button variant="transparent" size="compact-sm" px={0} fw={500} onClick={() => open(e)}>
              {sentence(e)}
            </Button>
            <Text size="xs" c="dimmed">
              {[e.detail.reason, e.detail.why, e.detail.name, e.detail.serial].filter((fact) => typeof fact === "string" && fact).join(" · ")}
            </Text>
          </>
        ),
      },
      { id: "who", header: t("columns.who"), cell: ({ row: { original: e } }) => actor(e) },
      { id: "device", header: t("columns.device"), cell: ({ row: { original: e } }) => <About event={e} /> },
    ],
    [t, sentence, actor, open],
  );
}

/** What the event is about, as a link where there is a screen for it. */
export function About({ event: e }: { event: Event }) {
  const t = useT(auditStrings);
  const may = useMay();
  const serial = typeof e.detail.serial === "string" ? e.detail.serial : "";
  if (e.command_id) return <RouteLink size="sm" to={`/commands/${e.command_id}`}>{t("things.command")}</RouteLink>;
  if (e.device_id && may("devices.read")) return <RouteLink size="sm" to={`/devices/${e.device_id}`}>{serial || t("things.device")}</RouteLink>;
  const [noun, id] = e.subject.split(":");
  if (noun === "delivery") return <RouteLink size="sm" to={`/enrollment/deliveries/${id ?? ""}`}>{t("things.delivery")}</RouteLink>;
  if (noun === "invitation") return <RouteLink size="sm" to="/enrollment" search={{ invitation: id } as never}>{t("things.invitation")}</RouteLink>;
  return <>{serial}</>;
}

const nouns = Object.keys(auditStrings.en.nouns) as (keyof (typeof auditStrings)["en"]["nouns"])[];

function FilterBar({ filters, set }: { filters: Filters; set: (change: Record<string, unknown>) => void }) {
  const t = useT(auditStrings);
  const may = useMay();
  const [wanted, setWanted] = useState("");
  const [fault, setFault] = useState("");
  const people = api.useQuery("get", "/api/v1/accounts", { params: { query: { limit: 200 } } }, { enabled: may("accounts.read"), staleTime: 60_000 });
  const find = async () => {
    const { data } = await rest.GET("/api/v1/devices", { params: { query: { q: wanted.trim(), limit: 2 } } });
    const only = data?.items.length === 1 ? data.items[0] : undefined;
    setFault(only ? "" : t("filter.noDevice"));
    if (only) set({ device_id: only.id });
  };
  const local = (iso?: string) => (iso ? new Date(new Date(iso).getTime() - new Date(iso).getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "");
  const moment = (value: string) => (value ? new Date(value).toISOString() : undefined);
  return (
    <Stack gap="xs">
      <Group align="flex-end" gap="sm">
        <Select
          label={t("filter.what")}
          placeholder={t("filter.anything")}
          clearable
          searchable
          data={nouns.map((noun) => ({ value: `${noun}.*`, label: t(`nouns.${noun}`) }))}
          value={filters.action ?? null}
          onChange={(action) => set({ action: action ?? undefined })}
        />
        <Select
          label={t("filter.who")}
          placeholder={t("filter.anybody")}
          clearable
          searchable
          data={(people.data?.items ?? []).map((p) => ({ value: p.id, label: p.name || p.username }))}
          value={filters.actor ?? null}
          onChange={(actor) => set({ actor: actor ?? undefined })}
        />
        {may("devices.read") && (
          <TextInput
            label={t("filter.device")}
            value={wanted}
            maxLength={200}
            onChange={(event) => setWanted(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Enter" && wanted.trim() && void find()}
            error={fault || undefined}
          />
        )}
        <TextInput type="datetime-local" label={t("filter.from")} value={local(filters.since)} onChange={(event) => set({ since: moment(event.currentTarget.value) })} />
        <TextInput type="datetime-local" label={t("filter.until")} value={local(filters.until)} onChange={(event) => set({ until: moment(event.currentTarget.value) })} />
        {Object.values(filters).some(Boolean) && (
          <Button variant="subtle" onClick={() => set({ action: undefined, actor: undefined, device_id: undefined, since: undefined, until: undefined })}>
            {t("filter.clear")}
          </Button>
        )}
      </Group>
      {filters.device_id && (
        <Text size="sm" c="dimmed">
          {t("filter.device_is")}
        </Text>
      )}
    </Stack>
  );
}
