import { Alert, Button, Group, Loader, Paper, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { BatchActions } from "../actions/BatchActions";
import { LossButton } from "../loss/LossButton";
import type { DeviceQuery } from "./filters";
import classes from "./SelectionBar.module.css";
import { devicesStrings } from "./strings";
import { readAll, type Device } from "./useDeviceList";

/** A batch holds no more (POST /api/v1/batches). */
const mostInBatch = 5_000;

interface Props {
  devices: Device[];
  query: DeviceQuery;
  total: number;
  onChoose: (devices: Device[]) => void;
  onClear: () => void;
}

/** How many devices are chosen, and what can be asked of them together. */
export default function SelectionBar({ devices, query, total, onChoose, onClear }: Props) {
  const t = useT(devicesStrings);
  const { gathering, gathered, error, gather } = useGathering(query, onChoose);
  // What may be asked is asked of the server once one has chosen, not at each box.
  const [settled] = useDebouncedValue(devices, 300);
  return (
    <Paper className={classes.bar} withBorder shadow="md" p="xs" role="region" aria-label={t("selection.label")}>
      {error ? <ProblemAlert reading error={error} retry={gather} /> : null}
      <Group gap="sm">
        <Text fw={600} role="status">
          {t("selection.chosen", { count: devices.length, shown: number(devices.length) })}
        </Text>
        {gathering ? (
          <Group gap={6}>
            <Loader size={14} />
            <Text size="sm">{t("selection.gathering", { shown: number(gathered) })}</Text>
          </Group>
        ) : (
          devices.length < Math.min(total, mostInBatch) && (
            <Button variant="subtle" size="xs" onClick={gather}>
              {t(total > mostInBatch ? "selection.first" : "selection.all", { shown: number(Math.min(total, mostInBatch)) })}
            </Button>
          )
        )}
        <Button variant="subtle" size="xs" color="gray" onClick={onClear}>
          {t("selection.clear")}
        </Button>
        <div className={classes.actions}>
          {devices.length === 1 && devices[0] && <LossButton device={devices[0]} size="xs" />}
          <BatchActions devices={settled} onDone={onClear} />
        </div>
      </Group>
      {total > mostInBatch && devices.length >= mostInBatch && (
        <Alert variant="light" color="orange" mt="xs" p="xs">
          {t("selection.limit", { shown: number(mostInBatch) })}
        </Alert>
      )}
    </Paper>
  );
}

/** Reads all that match, so that they can be chosen though most were never shown. */
function useGathering(query: DeviceQuery, onChoose: (devices: Device[]) => void) {
  const [gathered, setGathered] = useState(0);
  const [gathering, setGathering] = useState(false);
  const [error, setError] = useState<unknown>();
  const work = useRef<AbortController>(undefined);
  useEffect(() => () => work.current?.abort(), [query]);
  const gather = () => {
    const mine = new AbortController();
    work.current?.abort();
    work.current = mine;
    setGathering(true);
    setGathered(0);
    setError(undefined);
    readAll(query, mostInBatch, setGathered, mine.signal)
      .then(onChoose)
      .catch((error: unknown) => {
        if (!mine.signal.aborted) setError(error);
      })
      .finally(() => setGathering(false));
  };
  return { gathering, gathered, error, gather };
}
