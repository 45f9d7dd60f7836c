import { List, Paper, Stack, Table, Text, Title } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { configurationsStrings } from "./strings";

export type Preview = Schemas["PreviewView"];
type Tally = Pick<Preview, "changing" | "losing" | "waiting" | "unreachable">;

const shown = 50;

/** Devices that get it as soon as they are heard of: those that neither wait nor are out of reach. */
export function atNextContact(tally: Tally): number {
  return tally.changing - tally.losing - tally.waiting - tally.unreachable;
}

/** What a change would do, before anything is done: how many devices, which, and which of them wait. */
export function PreviewPanel({ preview }: { preview: Preview }) {
  const t = useT(configurationsStrings);
  const { fitting, changing, losing, waiting, unreachable } = preview;
  const next = atNextContact(preview);
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-label={t("preview.title")}>
      <Stack gap="xs">
        <Title order={3} size="h5">
          {changing > 0 ? t("preview.changing", { count: changing }) : t(fitting > 0 ? "preview.nothing" : "preview.nothingFits")}
        </Title>
        <List size="sm">
          {next > 0 && <List.Item>{t("preview.next", { count: next })}</List.Item>}
          {waiting > 0 && <List.Item>{t("preview.waiting", { count: waiting })}</List.Item>}
          {unreachable > 0 && <List.Item>{t("preview.unreachable", { count: unreachable })}</List.Item>}
          {losing > 0 && <List.Item>{t("preview.losing", { count: losing })}</List.Item>}
          {fitting > changing && <List.Item>{t("preview.already", { count: fitting - changing })}</List.Item>}
        </List>
        {preview.groups.length > 0 && <Groups groups={preview.groups} />}
      </Stack>
    </Paper>
  );
}

function Groups({ groups }: { groups: Preview["groups"] }) {
  const t = useT(configurationsStrings);
  const say = useWords();
  // A column that has nothing in it says nothing.
  const columns = (
    [
      { head: "preview.devices", of: (g: Tally) => g.changing },
      { head: "preview.nextColumn", of: atNextContact },
      { head: "preview.waitingColumn", of: (g: Tally) => g.waiting },
      { head: "preview.unreachableColumn", of: (g: Tally) => g.unreachable },
      { head: "preview.losingColumn", of: (g: Tally) => g.losing },
    ] as const
  ).filter((column) => groups.some((group) => column.of(group) > 0));
  // Its name says which ward it is, unless two have the same.
  const nameOf = ({ place }: Preview["groups"][number]) =>
    groups.some((other) => other.place?.name === place?.name && other.place?.id !== place?.id) ? place?.words : place?.name;
  return (
    <>
      <Table.ScrollContainer minWidth={420} maxHeight={300} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "group", "aria-label": t("preview.title") } }}>
        <Table aria-label={t("preview.title")} verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("preview.class")}</Table.Th>
              <Table.Th scope="col">{t("preview.place")}</Table.Th>
              {columns.map((column) => (
                <Table.Th scope="col" ta="end" key={column.head}>
                  {t(column.head)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {groups.slice(0, shown).map((group) => (
              <Table.Tr key={`${group.class} ${group.place?.id ?? ""}`}>
                <Table.Td>{say("class", group.class)}</Table.Td>
                <Table.Td title={group.place?.words}>{nameOf(group) ?? t("preview.noPlace")}</Table.Td>
                {columns.map((column) => (
                  <Table.Td ta="end" key={column.head}>
                    {number(column.of(group))}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {groups.length > shown && (
        <Text size="sm" c="dimmed">
          {t("preview.more", { count: groups.length - shown })}
        </Text>
      )}
    </>
  );
}
