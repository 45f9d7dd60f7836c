import { Badge, Code, Group, Stack, Table, Text } from "@mantine/core";
import { IconMinus, IconPlus } from "@tabler/icons-react";
import { useT } from "../../i18n/strings";
import { Certificate, useValue } from "./ContentView";
import { differences, type Difference } from "./diff";
import { kinds, type Content, type Subkind } from "./kinds";
import { configurationsStrings } from "./strings";

interface Side {
  version: number;
  content: Content;
}

/** Two versions of a document, field by field; fields that are the same are counted, not shown. */
export function DiffTable({ subkind, from, to }: { subkind: Subkind; from: Side; to: Side }) {
  const t = useT(configurationsStrings);
  const value = useValue();
  const found = differences(subkind, from.content, to.content);
  if (found.length === 0) return <Text size="sm">{t("versions.same")}</Text>;
  return (
    <Stack gap="xs">
      <Table.ScrollContainer minWidth={480}>
        <Table aria-label={t("versions.compare")} withTableBorder verticalSpacing="xs" layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("versions.field")}</Table.Th>
              <Table.Th scope="col">{t("versions.before", { version: from.version })}</Table.Th>
              <Table.Th scope="col">{t("versions.before", { version: to.version })}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody style={{ overflowWrap: "anywhere", verticalAlign: "top" }}>
            {found.map((one) => (
              <Table.Tr key={one.field.name}>
                <Table.Th scope="row">{t(`fields.${one.field.name}`)}</Table.Th>
                <Table.Td>{one.removed.length > 0 ? <Entries one={one} what="removed" /> : value(one.field, one.before)}</Table.Td>
                <Table.Td>{one.added.length > 0 ? <Entries one={one} what="added" /> : value(one.field, one.after)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="sm" c="dimmed">
        {t("versions.unchanged", { count: kinds[subkind].length - found.length })}
      </Text>
    </Stack>
  );
}

/** What came into a list, or went out of it. */
function Entries({ one, what }: { one: Difference; what: "added" | "removed" }) {
  const t = useT(configurationsStrings);
  const Icon = what === "added" ? IconPlus : IconMinus;
  return (
    <Stack gap={4}>
      {one[what].map((entry) => (
        <Group key={entry} gap="xs" wrap="nowrap" align="flex-start">
          <Badge size="sm" variant="light" color={what === "added" ? "green" : "gray"} tt="none" leftSection={<Icon size={10} aria-hidden />} style={{ flex: "none" }}>
            {t(`versions.${what}`)}
          </Badge>
          {one.field.as === "certificates" ? <Certificate pem={entry} /> : <Code>{entry}</Code>}
        </Group>
      ))}
    </Stack>
  );
}
