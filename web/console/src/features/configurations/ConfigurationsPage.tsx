import { Badge, Box, Button, Group, SegmentedControl, Table, Text } from "@mantine/core";
import { IconPlus, IconSettings } from "@tabler/icons-react";
import { api } from "../../api/client";
import { number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteButton, RouteLink } from "../../ui/RouteLink";
import { text, useAddress } from "../../ui/useAddress";
import { DevicesLink } from "./DevicesLink";
import { subkinds, type Document } from "./kinds";
import { useSelectorWords, type Assignment } from "./selector";
import { configurationsStrings } from "./strings";

/** All documents by kind: for whom each is meant, and on how many devices it is in force. */
export default function ConfigurationsPage() {
  const t = useT(configurationsStrings);
  const may = useMay();
  const [{ kind, retired }, set] = useAddress((raw) => ({ kind: subkinds.find((one) => one === text(raw, "kind")), retired: text(raw, "retired") === "1" }));
  const query = api.useQuery("get", "/api/v1/configurations");
  const assignments = api.useQuery("get", "/api/v1/assignments");
  const add = may("configurations.write") && (
    <RouteButton to="/configurations/new" search={(kind ? { kind } : {}) as never} leftSection={<IconPlus size={16} aria-hidden />}>
      {t("add")}
    </RouteButton>
  );
  return (
    <Page title={t("title")} about={t("about")} actions={add}>
      <QueryView
        query={query}
        isEmpty={(data) => data.items.length === 0}
        empty={
          <Empty icon={IconSettings} title={t("empty")}>
            {t("emptyText")}
          </Empty>
        }
      >
        {(data) => {
          const ofKind = data.items.filter((one) => !kind || one.subkind === kind);
          const hidden = ofKind.filter((one) => one.retired).length;
          const shown = ofKind.filter((one) => retired || !one.retired);
          return (
            <>
              <Group justify="space-between">
                <Box maw="100%" style={{ overflowX: "auto" }}>
                  <SegmentedControl
                  aria-label={t("kind")}
                  value={kind ?? ""}
                  onChange={(value) => set({ kind: value || undefined })}
                  data={[{ value: "", label: t("allKinds") }, ...subkinds.map((value) => ({ value, label: t(`kinds.${value}`) }))]}
                  />
                </Box>
                {hidden > 0 && (
                  <Button variant="subtle" size="compact-sm" onClick={() => set({ retired: retired ? undefined : "1" })}>
                    {retired ? t("hideRetired") : t("showRetired", { count: hidden })}
                  </Button>
                )}
              </Group>
              {shown.length === 0 ? (
                <Empty icon={IconSettings} title={t("emptyKind")} />
              ) : (
                <Documents documents={shown} assignments={assignments.data?.items ?? []} />
              )}
            </>
          );
        }}
      </QueryView>
    </Page>
  );
}

function Documents({ documents, assignments }: { documents: Document[]; assignments: Assignment[] }) {
  const t = useT(configurationsStrings);
  const words = useSelectorWords();
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table aria-label={t("title")} withTableBorder verticalSpacing="xs" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("columns.name")}</Table.Th>
            <Table.Th scope="col">{t("columns.kind")}</Table.Th>
            <Table.Th scope="col" ta="end">
              {t("columns.version")}
            </Table.Th>
            <Table.Th scope="col">{t("columns.assigned")}</Table.Th>
            <Table.Th scope="col" ta="end">
              {t("columns.inForce")}
            </Table.Th>
            <Table.Th scope="col" ta="end">
              {t("columns.drifting")}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {documents.map((document) => {
            const mine = assignments.filter((one) => one.document_id === document.id);
            return (
              <Table.Tr key={document.id}>
                <Table.Td>
                  <RouteLink to={`/configurations/${document.id}`}>{document.name}</RouteLink>{" "}
                  {document.retired && (
                    <Badge size="sm" color="gray" variant="light" tt="none">
                      {t("retired")}
                    </Badge>
                  )}
                </Table.Td>
                <Table.Td>{t(`kinds.${document.subkind}`)}</Table.Td>
                <Table.Td ta="end">{document.version}</Table.Td>
                <Table.Td>
                  {mine.length === 0 ? (
                    <Text size="sm" c="dimmed">
                      {t("notAssigned")}
                    </Text>
                  ) : (
                    mine.map((one) => <div key={one.id}>{words(one.selector)}</div>)
                  )}
                </Table.Td>
                <Table.Td ta="end">
                  <DevicesLink id={document.id} state="in_force">
                    {number(document.devices_in_force)}
                  </DevicesLink>
                </Table.Td>
                <Table.Td ta="end">
                  <DevicesLink id={document.id} state="drifting">
                    {number(document.devices_drifting)}
                  </DevicesLink>
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
