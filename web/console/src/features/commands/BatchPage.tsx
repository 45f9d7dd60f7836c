import { Alert, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconClock, IconHandStop } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { dateTime, shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { notifyDone } from "../../ui/notify";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { useNow } from "../../ui/useNow";
import { useWords } from "../../words/words";
import { DecideBatch } from "../inbox/DecideBatch";
import { BatchOutcomes } from "./BatchOutcomes";
import { BatchProgress } from "./BatchProgress";
import { commandsStrings } from "./strings";

type Batch = Schemas["BatchView"];

const openStates = ["awaiting_approval", "queued", "held", "delivered", "accepted"];

/** One batch: how far it has come, ring by ring, and what became of it on each device. */
export default function BatchPage() {
  const t = useT(commandsStrings);
  const say = useWords();
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const batch = api.useQuery("get", "/api/v1/batches/{id}", { params: { path: { id } } });
  const title = batch.data ? t("batches.title", { kind: say("kind", batch.data.kind), count: batch.data.items.length }) : t("tabs.batches");
  return (
    <Page title={title} above={<RouteLink to="/batches">{t("batches.back")}</RouteLink>}>
      <QueryView query={batch}>
        {(data) => (
          <Stack>
            <Paper withBorder p="md" radius="md">
              <Stack>
                <BatchProgress progress={progressOf(data)} wide />
                <Standing batch={data} />
                <Text size="sm">
                  <b>{t("facts.reason")}</b>: {data.reason || t("facts.noReason")}
                  {data.ticket && ` · ${t("facts.ticket")} ${data.ticket}`} · {t("facts.asked")} {dateTime(data.created_at)} {t("facts.by", { who: data.requested_by })}
                </Text>
                <Approval batch={data} />
                <CancelRest batch={data} />
              </Stack>
            </Paper>
            {data.rings > 1 && <Rings batch={data} />}
            <BatchOutcomes batch={data} />
          </Stack>
        )}
      </QueryView>
    </Page>
  );
}

function progressOf(batch: Batch): Omit<Schemas["BatchProgress"], "by_state"> {
  const sum = (states: string[]) => states.reduce((total, state) => total + (batch.counts[state] ?? 0), 0);
  const done = sum(["succeeded"]);
  const waiting = sum(openStates);
  const notAsked = sum(["not_asked"]);
  return { devices: batch.items.length, done, waiting, not_asked: notAsked, failed: batch.items.length - done - waiting - notAsked };
}

/** For whom or what it waits, or why it was stopped. */
function Standing({ batch }: { batch: Batch }) {
  const t = useT(commandsStrings);
  const now = useNow();
  const waits = batch.items.find((item) => item.state === "awaiting_approval");
  const first = api.useQuery("get", "/api/v1/commands/{id}", { params: { path: { id: waits?.command_id ?? "" } } }, { enabled: !!waits });
  if (batch.stopped_at) {
    return (
      <Alert variant="light" color="orange" icon={<IconHandStop aria-hidden />}>
        {t("batches.stopped", { why: batch.stop_reason })} ({shortTime(batch.stopped_at)})
      </Alert>
    );
  }
  if (waits) {
    return (
      <Alert variant="light" color="grape" icon={<IconClock aria-hidden />} title={t("batches.waitsPerson")}>
        {first.data?.why_waiting}
      </Alert>
    );
  }
  if (batch.not_before && new Date(batch.not_before).getTime() > now && openStates.some((state) => (batch.counts[state] ?? 0) > 0)) {
    return (
      <Alert variant="light" color="blue" icon={<IconClock aria-hidden />}>
        {t("batches.delay", { time: shortTime(batch.not_before) })}
      </Alert>
    );
  }
  return null;
}

/** Shown to those who may decide one of its orders: the server says so by their inbox. */
function Approval({ batch }: { batch: Batch }) {
  const may = useMay();
  const waiting = (batch.counts.awaiting_approval ?? 0) > 0 && may("commands.approve");
  const inbox = api.useQuery("get", "/api/v1/commands", { params: { query: { inbox: true, batch_id: batch.id, limit: 1 } } }, { enabled: waiting });
  if (!waiting || !inbox.data?.total) return null;
  return <DecideBatch batch={batch} />;
}

function CancelRest({ batch }: { batch: Batch }) {
  const t = useT(commandsStrings);
  const may = useMay();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const cancel = api.useMutation("post", "/api/v1/batches/{id}/cancel", {
    onSuccess: () => {
      setAsking(false);
      notifyDone(t("batches.cancelDone"));
    },
    onSettled: () => queries.invalidateQueries(),
  });
  const left = ["awaiting_approval", "queued", "held"].some((state) => (batch.counts[state] ?? 0) > 0);
  if (!left || batch.stopped_at || !may("commands.cancel")) return null;
  if (!asking) {
    return (
      <div>
        <Button variant="default" onClick={() => setAsking(true)}>
          {t("batches.cancel")}
        </Button>
      </div>
    );
  }
  return (
    <Stack gap="xs">
      {cancel.error ? <ProblemAlert error={cancel.error} /> : null}
      <Text size="sm">{t("batches.cancelAsk")}</Text>
      <Group gap="xs">
        <Button variant="default" onClick={() => setAsking(false)}>
          {t("cancel.keep")}
        </Button>
        <Button color="orange" loading={cancel.isPending} onClick={() => cancel.mutate({ params: { path: { id: batch.id } }, body: {} })}>
          {t("batches.cancel")}
        </Button>
      </Group>
    </Stack>
  );
}

function Rings({ batch }: { batch: Batch }) {
  const t = useT(commandsStrings);
  const now = useNow();
  const delayed = batch.not_before !== null && new Date(batch.not_before).getTime() > now;
  const rings = Array.from({ length: batch.rings }, (_, i) => i + 1);
  return (
    <Paper withBorder p="md" radius="md">
      <Title order={2} size="h4">
        {t("batches.rings")}
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        {t("batches.ringsMean")}
      </Text>
      <Stack gap={4} component="ol" m={0} pl="lg">
        {rings.map((ring) => {
          const of = batch.items.filter((item) => item.ring === ring);
          const open = ring <= batch.open_ring;
          // Its first ring is open from the beginning; that is not yet going out.
          const waits = delayed || of.every((item) => item.state === "awaiting_approval");
          const done = of.filter((item) => item.state === "succeeded").length;
          return (
            <li key={ring}>
              <Text size="sm" c={open ? undefined : "dimmed"}>
                {open ? t(waits ? "batches.ringFirst" : "batches.ringOpen", { count: of.length }) : t("batches.ringLater", { count: of.length, before: ring - 1 })}
                {open && !waits && ` · ${t("batches.progress", { done, all: of.length })}`}
              </Text>
            </li>
          );
        })}
      </Stack>
    </Paper>
  );
}
