import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useMemo } from "react";
import { number } from "../../../i18n/format";
import { useT } from "../../../i18n/strings";
import { ListTable, type ColumnDef } from "../../../ui/ListTable";
import type { ImportResult } from "./importFile";
import { addStrings } from "./strings";

type Fault = ImportResult["errors"][number];

const idOf = (fault: Fault) => `${fault.line} ${fault.column} ${fault.reason}`;

/** What is wrong in the file, place by place. */
export function Faults({ result, again }: { result: ImportResult; again: () => void }) {
  const t = useT(addStrings);
  const columns = useMemo<ColumnDef<Fault>[]>(
    () => [
      { id: "line", header: t("faults.line"), cell: ({ row }) => row.original.line },
      { id: "column", header: t("faults.column"), cell: ({ row }) => row.original.column || t("faults.wholeLine") },
      { id: "reason", header: t("faults.reason"), cell: ({ row }) => <span style={{ whiteSpace: "normal" }}>{row.original.reason}</span> },
    ],
    [t],
  );
  const count = result.errors.length;
  return (
    <Stack gap="xs">
      <Alert
        role="alert"
        variant="light"
        color="red"
        title={t(result.more_errors ? "faults.titleMore" : "faults.title", { count, shown: number(count) })}
      >
        <Text size="sm">{t("faults.text", { rows: number(result.rows) })}</Text>
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={again}>
            {t("faults.again")}
          </Button>
        </Group>
      </Alert>
      <ListTable
        label={t("faults.label")}
        rows={result.errors}
        columns={columns}
        rowId={idOf}
        total={count}
        totalIsFloor={result.more_errors}
        narrow={{ height: 86, cell: (fault) => <NarrowFault fault={fault} /> }}
      />
    </Stack>
  );
}

function NarrowFault({ fault }: { fault: Fault }) {
  const t = useT(addStrings);
  return (
    <>
      <Text size="sm" fw={600}>
        {t("faults.where", { line: fault.line, column: fault.column || t("faults.wholeLine") })}
      </Text>
      <Text size="sm">{fault.reason}</Text>
    </>
  );
}
