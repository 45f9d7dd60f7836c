import { Group, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, type Schemas } from "../../api/client";
import { number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { HoldBadge, TherapyBadge } from "../../ui/badges";
import { Empty } from "../../ui/Empty";
import { Loading, QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { useWords, valuesOf } from "../../words/words";
import { placesStrings } from "./strings";
import type { Node } from "./tree";

type Device = Schemas["DeviceView"];
type Axis = "class" | "therapy" | "hold";

const axes = (["class", "therapy", "hold"] as const).flatMap((axis) => valuesOf(axis).map((value) => ({ axis, value: value as string })));

/** How many devices belong to a place, by class, state and hold. */
export function PlaceDevices({ node }: { node: Node }) {
  const t = useT(placesStrings);
  const { place, devices } = node;
  // A ward's devices fit on one page and are counted here; a whole site is counted by the server.
  const query = api.useQuery("get", "/api/v1/devices", { params: { query: { place_id: place.id, limit: 200 } } });
  return (
    <Stack gap="xs" component="section" aria-labelledby="place-devices">
      <Group justify="space-between">
        <Title order={2} size="h4" id="place-devices">
          {t("place.devices")}
        </Title>
        {devices > 0 && (
          <RouteLink to="/devices" search={{ place_id: place.id } as never} size="sm">
            {t("place.showAll")}
          </RouteLink>
        )}
      </Group>
      <QueryView query={query} isEmpty={(data) => data.items.length === 0} empty={<Empty title={t("place.noDevices")}>{t("place.noDevicesText")}</Empty>}>
        {(data) => (
          <>
            <Text size="sm" c="dimmed">
              {t("devices", { count: data.total })}
              {node.children.length > 0 ? `. ${t("place.direct", { count: place.devices })}` : ""}
            </Text>
            {data.next_cursor ? <CountedByServer placeId={place.id} /> : <Counts placeId={place.id} counts={countOf(data.items)} />}
          </>
        )}
      </QueryView>
    </Stack>
  );
}

function key(axis: Axis, value: string): string {
  return `${axis}:${value}`;
}

function countOf(devices: Device[]): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (axis: Axis, value: string | undefined) => value && counts.set(key(axis, value), (counts.get(key(axis, value)) ?? 0) + 1);
  for (const device of devices) {
    add("class", device.class);
    add("therapy", device.therapy?.state);
    for (const hold of device.holds) add("hold", hold.kind);
  }
  return counts;
}

function CountedByServer({ placeId }: { placeId: string }) {
  const results = useQueries({
    queries: axes.map(({ axis, value }) => ({
      ...api.queryOptions("get", "/api/v1/devices", { params: { query: { place_id: placeId, limit: 1, [axis]: [value] } } }),
      // Twenty counts of a whole site are not made anew for each thing that happens in it.
      meta: { live: false },
      refetchInterval: 30_000,
    })),
  });
  if (results.some((result) => result.isPending)) return <Loading />;
  const counts = new Map(axes.map(({ axis, value }, i) => [key(axis, value), results[i]?.data?.total ?? 0]));
  return <Counts placeId={placeId} counts={counts} />;
}

function Counts({ placeId, counts }: { placeId: string; counts: Map<string, number> }) {
  const t = useT(placesStrings);
  const say = useWords();
  const table = (axis: Axis, title: string, head: string, cell: (value: string) => ReactNode) => {
    const rows = valuesOf(axis).filter((value) => counts.get(key(axis, value)));
    if (rows.length === 0) return null;
    return (
      <Table aria-label={title} verticalSpacing={4} withTableBorder>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{head}</Table.Th>
            <Table.Th scope="col" ta="end">
              {t("place.count")}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((value) => (
            <Table.Tr key={value}>
              <Table.Td>{cell(value)}</Table.Td>
              <Table.Td ta="end">
                <RouteLink to="/devices" search={{ place_id: placeId, [axis]: [value] } as never} aria-label={`${say(axis, value)}: ${counts.get(key(axis, value))}`}>
                  {number(counts.get(key(axis, value)) ?? 0)}
                </RouteLink>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    );
  };
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} style={{ alignItems: "start" }}>
      {table("class", t("place.byClass"), t("place.class"), (value) => say("class", value))}
      {table("therapy", t("place.byTherapy"), t("place.byTherapy"), (value) => (
        <TherapyBadge state={value} />
      ))}
      {table("hold", t("place.byHold"), t("place.byHold"), (value) => (
        <HoldBadge kind={value} />
      ))}
    </SimpleGrid>
  );
}
