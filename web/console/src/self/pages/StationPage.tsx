import { Alert, Badge, Button, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { problemOf } from "../../api/problem";
import { shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { anyone, open, type Schemas } from "../client";
import { HandheldLine, sorted } from "../HandheldLine";
import { handheldStrings } from "../handheldStrings";
import { Reading } from "../Reading";
import { Refusal } from "../Refusal";

type Board = Schemas["BoardView"];
type Scan = Schemas["ScanView"];

const every = 10_000;
/** How long one half waits for the other: the next person in the line must not get it. */
const halfWaits = 12_000;
const saidFor = 15_000;

/** The screen of a charging station: scan, and the board of its ward. */
export default function StationPage() {
  const query = open.useQuery("get", "/api/v1/self/station", {}, { refetchInterval: (q) => (q.state.error && !q.state.data ? false : every) });
  const unpaired = query.error !== null && problemOf(query.error).code === "station_unknown";
  if (unpaired) return <Pair paired={() => void query.refetch()} />;
  return <Reading query={query}>{(board) => <Station board={board} stale={query.error !== null} />}</Reading>;
}

function Pair({ paired }: { paired: () => void }) {
  const t = useT(handheldStrings);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get("code") ?? "").trim();
    setBusy(true);
    setError(undefined);
    try {
      const { data, error: refused } = await anyone.POST("/api/v1/self/station/pair", { body: { code } });
      if (!data) throw refused;
      paired();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack maw={520}>
        <Text>{t("station.pairAbout")}</Text>
        {error !== undefined && <Refusal error={error} />}
        <TextInput name="code" size="md" label={t("station.pairCode")} description={t("station.pairCodeHint")} required maxLength={16} autoComplete="off" autoCapitalize="characters" />
        <Button type="submit" size="lg" loading={busy}>
          {t("station.pair")}
        </Button>
      </Stack>
    </form>
  );
}

function Station({ board, stale }: { board: Board; stale: boolean }) {
  const t = useT(handheldStrings);
  const count = (...states: string[]) => board.items.filter((handheld) => states.includes(handheld.state)).length;
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <Text size="xl" fw={600}>
          {board.ward} · {board.station}
        </Text>
        <Text size="lg">{t("counts", { free: count("free", "clearing"), out: count("out"), overdue: count("overdue") })}</Text>
      </Group>
      {stale && (
        <Alert color="orange" variant="light">
          {t("station.old", { time: shortTime(board.server_time) })}
        </Alert>
      )}
      <Scanner />
      <Stack component="section" gap="sm" aria-label={t("station.board", { ward: board.ward })}>
        <Title order={2} size="h3">
          {t("station.board", { ward: board.ward })}
        </Title>
        {board.items.length === 0 && <Text>{t("noneOnWard")}</Text>}
        <ul style={{ display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 300px), 1fr))", gap: "var(--mantine-spacing-sm)", listStyle: "none", padding: 0, margin: 0 }}>
          {sorted(board.items).map((handheld) => (
            <Paper key={handheld.label} component="li" withBorder p="md">
              <HandheldLine handheld={handheld} size="xl" />
            </Paper>
          ))}
        </ul>
      </Stack>
    </Stack>
  );
}

const waitsForMore = ({ result }: Scan) => result === "person" || result === "free" || result === "locked";
const takeable = (scan: Scan) => scan.handheld?.state === "free" || scan.handheld?.state === "clearing";

interface Half {
  scan: string;
  answer: Scan;
}

/** What is scanned here is typed by the scanner, with Enter at its end. */
function Scanner() {
  const t = useT(handheldStrings);
  const queries = useQueryClient();
  const field = useRef<HTMLInputElement>(null);
  const line = useRef<Promise<void>>(Promise.resolve());
  const half = useRef<Half>(undefined);
  const [said, setSaid] = useState<Scan>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(0);
  useTypedAnywhere(field);
  useEffect(() => {
    if (!said && error === undefined) return;
    const waits = said && waitsForMore(said) ? halfWaits : saidFor;
    const timer = setTimeout(() => {
      setSaid(undefined);
      setError(undefined);
      half.current = undefined;
    }, waits);
    return () => clearTimeout(timer);
  }, [said, error]);
  const send = async (scan: string) => {
    setBusy((n) => n + 1);
    setError(undefined);
    try {
      const { data, error: refused } = await anyone.POST("/api/v1/self/station/scans", { body: { scan, with: half.current?.scan } });
      if (!data) throw refused;
      half.current = data.result === "person" || data.result === "locked" || (data.result === "free" && takeable(data)) ? { scan, answer: data } : undefined;
      setSaid(data);
      if (!waitsForMore(data)) void queries.invalidateQueries();
    } catch (problem) {
      half.current = undefined;
      setSaid(undefined);
      setError(problem);
    } finally {
      setBusy((n) => n - 1);
    }
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const scan = field.current?.value.trim() ?? "";
    if (field.current) field.current.value = "";
    field.current?.focus();
    // The second scan may come before the first one is answered.
    if (scan) line.current = line.current.then(() => send(scan));
  };
  return (
    <Stack gap="sm">
      <form onSubmit={submit}>
        <Group align="flex-end" wrap="nowrap">
          <TextInput ref={field} size="xl" flex={1} label={t("station.scan")} description={t("station.scanHint")} maxLength={300} autoFocus autoComplete="off" spellCheck={false} />
          <Button type="submit" size="xl" loading={busy > 0}>
            {t("station.go")}
          </Button>
        </Group>
      </form>
      <div aria-live="assertive">
        {said && <Said scan={said} />}
        {error !== undefined && <Refusal error={error} />}
      </div>
    </Stack>
  );
}

/** A scanner types wherever the focus is; nobody taps into a field first. */
function useTypedAnywhere(field: React.RefObject<HTMLInputElement | null>) {
  useEffect(() => {
    const typed = (event: KeyboardEvent) => {
      if (event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey && document.activeElement === document.body) field.current?.focus();
    };
    addEventListener("keydown", typed);
    return () => removeEventListener("keydown", typed);
  }, [field]);
}

function Said({ scan }: { scan: Scan }) {
  const t = useT(handheldStrings);
  const { result, name, from, handheld } = scan;
  const label = handheld?.label ?? "";
  const words = {
    person: () => t("station.person", { name }),
    free: () => t(takeable(scan) ? "station.freeNow" : "station.notFree", { label }),
    taken: () => t("station.taken", { name, label }),
    handed_over: () => t("station.handed", { name, label, from }),
    again: () => t("station.again", { name, label }),
    locked: () => t("station.locked", { label }),
    returned: () => t("station.returned", { label }),
  }[result]();
  const waits = waitsForMore(scan);
  return (
    <Alert color={waits ? "blue" : "teal"} variant="light">
      <Text size="xl" fw={700} c="var(--mantine-color-text)">
        {words}
      </Text>
      {!waits && result !== "returned" && handheld?.due_at && <Text c="var(--mantine-color-text)">{t("station.takenUntil", { time: shortTime(handheld.due_at) })}</Text>}
      {result === "returned" && name && <Text c="var(--mantine-color-text)">{t("station.returnedBy", { name })}</Text>}
      {result === "free" && handheld && handheld.state !== "free" && <Badge mt="xs" tt="none">{t(`state.${handheld.state}`)}</Badge>}
    </Alert>
  );
}
