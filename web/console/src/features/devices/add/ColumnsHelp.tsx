import { Button, Code, Group, Paper, Table, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { language } from "../../../i18n/i18n";
import { useT } from "../../../i18n/strings";
import { keepCsv } from "../../../ui/keepFile";
import { addStrings } from "./strings";

/** inventory.DeliveryColumns, and whether a row must have them. */
const columns = {
  serial: "orUDI",
  udi: "orSerial",
  model: "needed",
  management: "needed",
  asset_tag: "",
  owner: "",
  place: "",
  lot: "",
  imei: "",
  mac: "",
  tags: "",
  stage: "",
} as const;

type Name = keyof typeof columns;

/** What the columns of the file are called and hold. */
export function ColumnsHelp() {
  const t = useT(addStrings);
  const names = Object.keys(columns) as Name[];
  const template = () => {
    // A spreadsheet takes the separator that its country uses, and UTF-8 when the mark says so.
    const line = names.join(language() === "de" ? ";" : ",") + "\r\n";
    keepCsv("\ufeff" + line, "devices-template.csv");
  };
  return (
    <Paper withBorder p="md" radius="md">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {t("columns.title")}
        </Title>
        <Button variant="default" size="xs" leftSection={<IconDownload size={16} aria-hidden />} onClick={template}>
          {t("columns.template")}
        </Button>
      </Group>
      <Text size="sm" c="dimmed" mb="xs">
        {t("columns.text")}
      </Text>
      <Table.ScrollContainer minWidth={320}>
        <Table verticalSpacing={4}>
          <Table.Tbody>
            {names.map((name) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" w={140}>
                  <Code>{name}</Code>
                </Table.Th>
                <Table.Td>
                  {t(`columns.${name}`)} {columns[name] && <b>{t(`columns.${columns[name]}`)}</b>}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}
