import { Button, Group, Modal, Progress, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { exportCsv } from "./exportCsv";
import type { DeviceQuery } from "./filters";
import { devicesStrings } from "./strings";

interface Props {
  query: DeviceQuery;
  total: number;
}

/** The list as it is narrowed and sorted, as a CSV file. */
export function ExportButton({ query, total }: Props) {
  const t = useT(devicesStrings);
  const [state, setState] = useState<{ done: number; error?: unknown }>();
  const work = useRef<AbortController>(undefined);
  const begin = async () => {
    const mine = new AbortController();
    work.current = mine;
    setState({ done: 0 });
    try {
      const day = new Date().toISOString().slice(0, 10);
      let lines = 0;
      await exportCsv(query, `devices-${day}.csv`, (done) => setState({ done: (lines = done) }), mine.signal);
      notifyDone(t("export.done", { count: lines, shown: number(lines) }));
      setState(undefined);
    } catch (error) {
      setState(mine.signal.aborted ? undefined : { done: 0, error });
    }
  };
  return (
    <>
      <Button variant="default" size="xs" leftSection={<IconDownload size={16} aria-hidden />} onClick={() => void begin()} disabled={total === 0}>
        {t("export.button")}
      </Button>
      <Modal opened={state !== undefined} onClose={() => (state?.error ? setState(undefined) : work.current?.abort())} title={t("export.title")} closeOnClickOutside={false}>
        {state?.error ? (
          <Stack>
            <Text size="sm">{t("export.broken")}</Text>
            <ProblemAlert reading error={state.error} retry={() => void begin()} />
          </Stack>
        ) : (
          <Stack>
            <Text size="sm" role="status">
              {t("export.progress", { done: number(state?.done ?? 0), total: number(total) })}
            </Text>
            <Progress value={total > 0 ? ((state?.done ?? 0) / total) * 100 : 0} aria-label={t("export.title")} />
            <Group justify="flex-end">
              <Button variant="default" onClick={() => work.current?.abort()}>
                {t("export.cancel")}
              </Button>
            </Group>
          </Stack>
        )}
      </Modal>
    </>
  );
}
