import { Group, NativeSelect, Text, Title } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { useWords } from "../../words/words";
import { CommandBadges } from "./CommandBadges";
import { commandsStrings } from "./strings";
import type { Command } from "./useCommand";

type Batch = Schemas["BatchView"];

const notAsked = "not_asked";

/** What became of the batch on each of its devices. */
export function BatchOutcomes({ batch }: { batch: Batch }) {
  const t = useT(commandsStrings);
  const say = useWords();
  const [state, setState] = useState("");
  const present = Object.keys(batch.counts).filter((one) => (batch.counts[one] ?? 0) > 0);
  return (
    <div>
      <Group justify="space-between" align="flex-end" mb="xs">
        <Title order={2} size="h4">
          {t("batches.outcomes")}
        </Title>
        <NativeSelect
          size="sm"
          label={t("filters.state")}
          value={state}
          onChange={(event) => setState(event.currentTarget.value)}
          data={[
            { value: "", label: `${t("batches.all")} (${batch.items.length})` },
            ...present.map((value) => ({
              value,
              label: `${value === notAsked ? t("batches.notAskedState") : say("commandState", value)} (${batch.counts[value] ?? 0})`,
            })),
          ]}
        />
      </Group>
      {state !== notAsked && <Asked batch={batch} state={state} />}
      {(state === "" || state === notAsked) && <NotAsked batch={batch} />}
    </div>
  );
}

function Asked({ batch, state }: { batch: Batch; state: string }) {
  const t = useT(commandsStrings);
  const navigate = useNavigate();
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/commands",
    { params: { query: { batch_id: batch.id, state: state ? [state] : [], limit: 100 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const rings = useMemo(() => new Map(batch.items.map((item) => [item.command_id, item.ring])), [batch.items]);
  const columns = useMemo<ColumnDef<Command>[]>(
    () => [
      {
        id: "device",
        header: t("batches.columnsOf.device"),
        cell: ({ row: { original: c } }) => (
          <>
            <RouteLink to={`/devices/${c.device_id}`} fw={600}>
              {c.device.serial}
            </RouteLink>{" "}
            <Text span size="sm" c="dimmed">
              {c.device.owner}
            </Text>
          </>
        ),
      },
      { id: "ring", header: t("batches.columnsOf.ring"), cell: ({ row: { original: c } }) => rings.get(c.id) },
      { id: "state", header: t("batches.columnsOf.state"), cell: ({ row: { original: c } }) => <CommandBadges command={c} /> },
      {
        id: "why",
        header: t("batches.columnsOf.why"),
        cell: ({ row: { original: c } }) => (
          <Text size="sm" lineClamp={1} maw={480} title={c.why_waiting}>
            {c.why_waiting}
          </Text>
        ),
      },
    ],
    [t, rings],
  );
  return (
    <QueryView query={query} isEmpty={(data) => data.pages[0]?.items.length === 0} empty={null}>
      {(data) => (
        <ListTable
          label={t("batches.outcomes")}
          rows={data.pages.flatMap((page) => page.items)}
          columns={columns}
          rowId={(command) => command.id}
          total={data.pages[0]?.total ?? 0}
          more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
          loadingMore={query.isFetchingNextPage}
          onOpen={(command) => void navigate({ to: `/commands/${command.id}` })}
        />
      )}
    </QueryView>
  );
}

/** Those that were refused when the batch was asked, each with its reason. */
function NotAsked({ batch }: { batch: Batch }) {
  const t = useT(commandsStrings);
  const items = batch.items.filter((item) => !item.command_id);
  if (items.length === 0) return null;
  return (
    <>
      <Title order={3} size="h5" mt="md">
        {t("batches.notAskedState")} ({items.length})
      </Title>
      <ul>
        {items.slice(0, 50).map((item) => (
          <li key={item.device_id}>
            <DeviceName id={item.device_id} />: {item.detail}
          </li>
        ))}
      </ul>
    </>
  );
}

function DeviceName({ id }: { id: string }) {
  const device = api.useQuery("get", "/api/v1/devices/{id}", { params: { path: { id } } }, { staleTime: Infinity, meta: { live: false } });
  return <RouteLink to={`/devices/${id}`}>{device.data?.serial ?? id}</RouteLink>;
}
