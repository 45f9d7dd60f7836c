import { Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { CommandStateBadge, HoldBadge, TherapyBadge } from "../../ui/badges";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import { lookOf } from "../actions/kinds";
import { Plea } from "../breakglass/BreakGlass";
import type { Command } from "../commands/useCommand";
import { DecideBatch } from "./DecideBatch";
import { DecideShown } from "./DecideCommand";
import { inboxStrings } from "./strings";

const shown = 50;

/** What waits for a second person: what I may decide, and what I asked and others decide. */
export default function InboxPage() {
  const t = useT(inboxStrings);
  const mine = api.useQuery("get", "/api/v1/commands", { params: { query: { inbox: true, limit: shown } } });
  const asked = api.useQuery("get", "/api/v1/commands", { params: { query: { mine: true, state: ["awaiting_approval"], limit: shown } } });
  return (
    <Page title={t("title")} about={t("about")}>
      <QueryView
        query={mine}
        isEmpty={(data) => data.items.length === 0}
        empty={<Empty title={t("nothing")}>{t("nothingText")}</Empty>}
      >
        {(data) => (
          <Stack maw={760}>
            <Title order={2} size="h4">
              {t("mine")}
            </Title>
            {grouped(data.items).map((group) => (group.batch ? <BatchCard id={group.batch} key={group.batch} /> : group.items.map((command) => <CommandCard command={command} key={command.id} />)))}
            {data.total > data.items.length && (
              <Text size="sm" c="dimmed">
                {t("more", { shown: data.items.length, total: data.total })}
              </Text>
            )}
          </Stack>
        )}
      </QueryView>
      {asked.data && asked.data.items.length > 0 && (
        <Stack maw={760}>
          <Title order={2} size="h4">
            {t("others")}
          </Title>
          {asked.data.items.map((command) => (
            <AskedRow command={command} key={command.id} />
          ))}
        </Stack>
      )}
    </Page>
  );
}

/** Orders of one batch are decided together. */
function grouped(items: Command[]): { batch: string; items: Command[] }[] {
  const groups: { batch: string; items: Command[] }[] = [];
  for (const command of items) {
    const group = command.batch_id ? groups.find((one) => one.batch === command.batch_id) : undefined;
    if (group) group.items.push(command);
    else groups.push({ batch: command.batch_id, items: [command] });
  }
  return groups;
}

function CommandCard({ command }: { command: Command }) {
  const t = useT(inboxStrings);
  const say = useWords();
  const { Icon } = lookOf(command.kind);
  const device = api.useQuery("get", "/api/v1/devices/{id}", { params: { path: { id: command.device_id } } });
  return (
    <Paper withBorder p="md" radius="md" component="article" aria-label={`${say("kind", command.kind)} ${command.device.serial}`}>
      <Stack gap="sm">
        <Group gap="xs" justify="space-between">
          <Group gap="xs">
            <Icon size={20} aria-hidden />
            <Text fw={700}>
              {say("kind", command.kind)}: <RouteLink to={`/devices/${command.device_id}`}>{command.device.serial}</RouteLink>
            </Text>
          </Group>
          <RouteLink to={`/commands/${command.id}`} size="sm">
            {t("open")}
          </RouteLink>
        </Group>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" verticalSpacing="xs">
          <Fact name={say("class", command.device.class)}>{command.device.owner || command.device.asset_tag}</Fact>
          <Fact name={t("now")}>
            <Group gap={6}>
              <TherapyBadge state={device.data?.therapy?.state} />
              {device.data?.holds.map((hold) => <HoldBadge kind={hold.kind} key={hold.kind} />)}
              {device.data && (
                <Text size="sm">
                  {t("heard")} <Time at={device.data.last_seen_at} />
                </Text>
              )}
            </Group>
          </Fact>
          <Fact name={t("reason")}>{command.reason || t("noReason")}</Fact>
          <Fact name={t("asks", { who: command.requested_by })}>
            <Time at={command.created_at} as="clock" />
            {command.expires_at && (
              <Text size="sm" c="dimmed">
                {t("expires")} <Time at={command.expires_at} />
              </Text>
            )}
          </Fact>
        </SimpleGrid>
        {device.data?.therapy && (
          <Text size="sm" c="dimmed">
            {device.data.therapy.why}
          </Text>
        )}
        <Plea plea={command.break_glass} />
        <DecideShown command={command} />
      </Stack>
    </Paper>
  );
}

function BatchCard({ id }: { id: string }) {
  const t = useT(inboxStrings);
  const say = useWords();
  const batch = api.useQuery("get", "/api/v1/batches/{id}", { params: { path: { id } } });
  return (
    <QueryView query={batch}>
      {(data) => (
        <Paper withBorder p="md" radius="md" component="article" aria-label={say("kind", data.kind)}>
          <Stack gap="sm">
            <Group justify="space-between">
              <Text fw={700}>
                {say("kind", data.kind)}: {t("batchOf", { count: data.counts.awaiting_approval ?? 0 })}
              </Text>
              <RouteLink to={`/batches/${id}`} size="sm">
                {t("openBatch")}
              </RouteLink>
            </Group>
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
              <Fact name={t("reason")}>{data.reason || t("noReason")}</Fact>
              <Fact name={t("asks", { who: data.requested_by })}>
                <Time at={data.created_at} as="clock" />
              </Fact>
            </SimpleGrid>
            <BatchDevices id={id} />
            <DecideBatch batch={data} />
          </Stack>
        </Paper>
      )}
    </QueryView>
  );
}

const named = 20;

/** The devices of a batch that wait, each with its state now. */
function BatchDevices({ id }: { id: string }) {
  const t = useT(inboxStrings);
  const waiting = api.useQuery("get", "/api/v1/commands", { params: { query: { batch_id: id, state: ["awaiting_approval"], limit: named } } });
  return (
    <QueryView query={waiting}>
      {(data) => (
        <div>
          <Text size="xs" c="dimmed">
            {t("devices")}
            {data.items[0]?.expires_at && (
              <>
                {" · "}
                {t("expires")} <Time at={data.items[0].expires_at} />
              </>
            )}
          </Text>
          <Stack gap={4} mt={4}>
            {data.items.map((command) => (
              <DeviceNow command={command} key={command.id} />
            ))}
          </Stack>
          {data.total > data.items.length && (
            <Text size="sm" mt={4}>
              {t("moreDevices", { count: data.total - data.items.length })}
            </Text>
          )}
        </div>
      )}
    </QueryView>
  );
}

function DeviceNow({ command }: { command: Command }) {
  const device = api.useQuery("get", "/api/v1/devices/{id}", { params: { path: { id: command.device_id } } });
  return (
    <Group gap={6}>
      <RouteLink to={`/devices/${command.device_id}`} size="sm" fw={600}>
        {command.device.serial}
      </RouteLink>
      <Text size="sm">{command.device.owner}</Text>
      <TherapyBadge state={device.data?.therapy?.state} />
      {device.data?.holds.map((hold) => <HoldBadge kind={hold.kind} key={hold.kind} />)}
      <Text size="xs" c="dimmed">
        {device.data && <Time at={device.data.last_seen_at} />}
      </Text>
    </Group>
  );
}

function AskedRow({ command }: { command: Command }) {
  const say = useWords();
  return (
    <Paper withBorder p="sm" radius="md">
      <Group gap="xs">
        <RouteLink to={`/commands/${command.id}`} fw={600}>
          {say("kind", command.kind)}: {command.device.serial}
        </RouteLink>
        <CommandStateBadge state={command.state} />
      </Group>
      <Text size="sm">{command.why_waiting}</Text>
    </Paper>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text size="sm" component="div">
        {children}
      </Text>
    </div>
  );
}
