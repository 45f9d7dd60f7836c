import { Alert, Button, Code, FileInput, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { IconCheck, IconFileTypeCsv } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { rest, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { keepCsv } from "../../ui/keepFile";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { Way } from "./PlacePage";
import { placesStrings } from "./strings";

type Result = Schemas["ImportView"];

/** Access points from a CSV file: checked as a whole, then taken in as a whole. */
export default function ImportPage() {
  const t = useT(placesStrings);
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [result, setResult] = useState<Result>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  const send = async (dryRun: boolean) => {
    if (!file) return;
    setBusy(true);
    setError(undefined);
    try {
      // Read once more for each sending: it may have been mended meanwhile.
      const text = await file.arrayBuffer(); // as it is: the server refuses what is not UTF-8
      const { data, error: refused } = await rest.POST("/api/v1/access-points/import", {
        params: { query: { dry_run: dryRun } },
        body: text as never,
        bodySerializer: (body: unknown) => body as ArrayBuffer,
        headers: { "Content-Type": "text/csv" },
      });
      if (refused) throw refused;
      setResult(data);
      if (!dryRun) void client.invalidateQueries();
    } catch (thrown) {
      setResult(undefined);
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const choose = (chosen: File | null) => {
    setFile(chosen);
    setResult(undefined);
    setError(undefined);
  };
  const done = result && !result.dry_run;
  const good = result?.dry_run && result.errors.length === 0;
  return (
    <Page title={t("import.title")} about={t("import.about")} above={<Way path={[]} />}>
      {done ? (
        <Alert role="status" color="green" variant="light" icon={<IconCheck aria-hidden />} title={t("import.done", { count: result.registered })}>
          <Text size="sm">{t("import.doneText")}</Text>
          <Button mt="sm" size="xs" variant="default" onClick={() => choose(null)}>
            {t("import.another")}
          </Button>
        </Alert>
      ) : (
        <>
          <Columns />
          <Group align="flex-end">
            <FileInput
              label={t("import.file")}
              placeholder={t("import.choose")}
              accept=".csv,text/csv,text/plain"
              leftSection={<IconFileTypeCsv size={18} aria-hidden />}
              clearable
              w={{ base: "100%", xs: 360 }}
              value={file}
              onChange={choose}
            />
            <Button disabled={!file} loading={busy && !good} onClick={() => void send(true)} variant={good ? "default" : "filled"}>
              {t("import.check")}
            </Button>
          </Group>
          {error !== undefined && <ProblemAlert error={error} />}
          {result && result.errors.length > 0 && <Faults result={result} />}
          {good && (
            <Alert role="status" color="green" variant="light" icon={<IconCheck aria-hidden />} title={t("import.good", { count: result.rows })}>
              <Text size="sm">{t("import.goodText")}</Text>
              <Button mt="sm" loading={busy} onClick={() => void send(false)}>
                {t("import.run", { count: result.rows })}
              </Button>
            </Alert>
          )}
        </>
      )}
    </Page>
  );
}

const example = "bssid,name,place\r\n02:57:4c:04:01:09,AP-4N-Store,Example General Hospital / Main building / Floor 4 / 4 North\r\n";

function Columns() {
  const t = useT(placesStrings);
  return (
    <Paper withBorder p="md" radius="md">
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2} size="h5">
            {t("import.columns")}
          </Title>
          <Button variant="subtle" size="compact-sm" onClick={() => keepCsv(example, "access-points.csv")}>
            {t("import.template")}
          </Button>
        </Group>
        <Text size="sm">{t("import.columnsText")}</Text>
        {(["bssid", "name", "place"] as const).map((column) => (
          <Text size="sm" key={column}>
            <Code>{column}</Code> {t(`import.${column}`)}
          </Text>
        ))}
      </Stack>
    </Paper>
  );
}

function Faults({ result }: { result: Result }) {
  const t = useT(placesStrings);
  return (
    <Stack gap="xs">
      <Alert role="alert" color="red" variant="light" title={t("import.faults", { count: result.errors.length })}>
        <Text size="sm">
          {t("import.faultsText")} {result.more_errors ? t("import.moreFaults", { count: result.errors.length }) : ""}
        </Text>
      </Alert>
      <Table.ScrollContainer minWidth={420}>
        <Table aria-label={t("import.reason")} withTableBorder verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("import.line")}</Table.Th>
              <Table.Th scope="col">{t("import.column")}</Table.Th>
              <Table.Th scope="col">{t("import.reason")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {result.errors.map((fault, i) => (
              <Table.Tr key={i}>
                <Table.Td>{fault.line}</Table.Td>
                <Table.Td>{fault.column || t("import.wholeLine")}</Table.Td>
                <Table.Td>{fault.reason}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}
