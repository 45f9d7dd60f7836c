import { Code, List, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useT } from "../../i18n/strings";
import { kinds, listOf, type Content, type Field, type Subkind } from "./kinds";
import { configurationsStrings } from "./strings";

/** What a document says, field by field, in words. */
export function ContentView({ subkind, content }: { subkind: Subkind; content: Content }) {
  const t = useT(configurationsStrings);
  const value = useValue();
  return (
    <Table aria-label={t("tabs.content")} withTableBorder verticalSpacing="xs" variant="vertical" layout="fixed">
      <Table.Tbody>
        {kinds[subkind].map((field) => (
          <Table.Tr key={field.name}>
            <Table.Th scope="row" style={{ width: "34%" }}>
              {t(`fields.${field.name}`)}
            </Table.Th>
            <Table.Td style={{ overflowWrap: "anywhere" }}>{value(field, content[field.name])}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Shows one value as people read it. */
export function useValue(): (field: Field, value: unknown) => ReactNode {
  const t = useT(configurationsStrings);
  return (field, value) => {
    if (field.as === "yes") return t(value === true ? "yes" : "no");
    if (field.as === "lines" || field.as === "certificates") {
      const entries = listOf(value);
      if (entries.length === 0) return <Dimmed>{t("empty_value")}</Dimmed>;
      return (
        <List size="sm" listStyleType="none">
          {entries.map((entry) => (
            <List.Item key={entry}>{field.as === "certificates" ? <Certificate pem={entry} /> : <Code>{entry}</Code>}</List.Item>
          ))}
        </List>
      );
    }
    return value === "" || value === undefined || value === null ? <Dimmed>{t("empty_value")}</Dimmed> : String(value);
  };
}

function Dimmed({ children }: { children: ReactNode }) {
  return (
    <Text span size="sm" c="dimmed">
      {children}
    </Text>
  );
}

/** A certificate is public: it is shown as it is, folded. */
export function Certificate({ pem }: { pem: string }) {
  const body = pem.replace(/-----[^-]+-----/g, "").replace(/\s/g, "");
  return (
    <details>
      <summary>
        <Code>{`${body.slice(0, 16)}…${body.slice(-16)}`}</Code>
      </summary>
      <Code block>{pem.trim()}</Code>
    </details>
  );
}
