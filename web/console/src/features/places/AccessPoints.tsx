import { ActionIcon, Button, Group, Menu, Stack, Table, Text, Title } from "@mantine/core";
import { IconArrowsMove, IconDots, IconTrash, IconWifi } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { QueryView } from "../../ui/QueryView";
import { uiStrings } from "../../ui/strings";
import { AccessPointForm, ForgetAccessPoint } from "./AccessPointForm";
import { placesStrings } from "./strings";
import type { Node, Place } from "./tree";

type Point = Schemas["AccessPointView"];
type Open = { what: "add" } | { what: "move" | "forget"; point: Point };

/** The access points that stand in a place. */
export function AccessPoints({ node, places }: { node: Node; places: Place[] }) {
  const t = useT(placesStrings);
  const ui = useT(uiStrings);
  const may = useMay();
  const { place } = node;
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const write = may("places.write");
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/access-points",
    { params: { query: { place_id: place.id, limit: 200 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  return (
    <Stack gap="xs" component="section" aria-labelledby="place-points">
      <Group justify="space-between">
        <Title order={2} size="h4" id="place-points">
          {t("points.title")}
        </Title>
        {write && (
          <Button variant="default" size="xs" onClick={() => setOpen({ what: "add" })}>
            {t("points.add")}
          </Button>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        {t("points.about")}
        {node.children.length > 0 ? ` ${t("points.aboutBelow")}` : ""}
      </Text>
      <QueryView
        query={query}
        isEmpty={(data) => data.pages[0]?.items.length === 0}
        empty={
          <Empty icon={IconWifi} title={t("points.empty")}>
            {t("points.emptyText")}
          </Empty>
        }
      >
        {(data) => (
          <>
            <Table aria-label={t("points.title")} withTableBorder verticalSpacing={4}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{t("points.bssid")}</Table.Th>
                  <Table.Th scope="col">{t("points.name")}</Table.Th>
                  {write && <Table.Td />}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.pages
                  .flatMap((page) => page.items)
                  .map((point) => (
                    <Table.Tr key={point.bssid}>
                      <Table.Td ff="monospace">{point.bssid}</Table.Td>
                      <Table.Td>{point.name}</Table.Td>
                      {write && (
                        <Table.Td ta="end">
                          <PointMenu point={point} onChoose={(what) => setOpen({ what, point })} />
                        </Table.Td>
                      )}
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
            {query.hasNextPage && (
              <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {ui("more")}
              </Button>
            )}
          </>
        )}
      </QueryView>
      {open?.what === "add" && <AccessPointForm place={place} places={places} onClose={close} />}
      {open?.what === "move" && <AccessPointForm place={place} places={places} point={open.point} onClose={close} />}
      {open?.what === "forget" && <ForgetAccessPoint place={place} point={open.point} onClose={close} />}
    </Stack>
  );
}

function PointMenu({ point, onChoose }: { point: Point; onChoose: (what: "move" | "forget") => void }) {
  const t = useT(placesStrings);
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("points.actionsOf", { bssid: point.bssid })}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconArrowsMove size={16} aria-hidden />} onClick={() => onChoose("move")}>
          {t("points.move")}
        </Menu.Item>
        <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={() => onChoose("forget")}>
          {t("points.remove")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
