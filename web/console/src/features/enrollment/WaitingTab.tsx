import { Button, Group, List, Modal, Paper, Stack, Table, Text, Textarea, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { api, type Schemas } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { dateTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { HoldBadge } from "../../ui/badges";
import { Empty } from "../../ui/Empty";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import { enrollmentStrings } from "./strings";
import { useNames } from "./useNames";
import { uiStrings } from "../../ui/strings";

type Request = Schemas["WaitingView"];
type Device = Schemas["DeviceView"];

/** Requests that a person has to decide on, oldest first. */
export function WaitingTab() {
  const t = useT(enrollmentStrings);
  const query = api.useQuery("get", "/api/v1/enrollment-requests", {});
  return (
    <QueryView query={query} isEmpty={(data) => data.items.length === 0} empty={<Empty title={t("waiting.empty")}>{t("waiting.emptyText")}</Empty>}>
      {(data) => (
        <Stack>
          {data.items.map((request) => (
            <Waiting key={request.id} request={request} />
          ))}
        </Stack>
      )}
    </QueryView>
  );
}

function Waiting({ request: r }: { request: Request }) {
  const t = useT(enrollmentStrings);
  const ui = useT(uiStrings);
  const may = useMay();
  const [deciding, setDeciding] = useState<"through" | "refuse">();
  const name = t(r.renewal ? "waiting.renew" : "waiting.enroll", { serial: r.serial });
  return (
    <Paper withBorder p="md" component="article" aria-label={name}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4">
            {name}
          </Title>
          <Text size="sm" c="dimmed">
            <Time at={r.since} />
          </Text>
        </Group>
        <div>
          <Text size="sm" fw={600}>
            {t("waiting.why")}
          </Text>
          <List size="sm">
            {r.reasons.map((reason) => (
              <List.Item key={reason.code}>{reason.words}</List.Item>
            ))}
          </List>
        </div>
        <SideBySide request={r} />
        {may("enrollments.decide") && (
          <Group>
            <Button variant="default" onClick={() => setDeciding("refuse")}>
              {t("waiting.refuse")}
            </Button>
            <Button variant="outline" onClick={() => setDeciding("through")}>
              {t("waiting.through")}
            </Button>
          </Group>
        )}
        <Modal closeButtonProps={{ "aria-label": ui("close") }} opened={deciding !== undefined} onClose={() => setDeciding(undefined)} title={deciding && t(`waiting.${deciding}Title`, { serial: r.serial })}>
          {deciding && <Decide request={r} way={deciding} onClose={() => setDeciding(undefined)} />}
        </Modal>
      </Stack>
    </Paper>
  );
}

/** The device as it is on record, and what asks to take its place. */
function SideBySide({ request: r }: { request: Request }) {
  const t = useT(enrollmentStrings);
  const may = useMay();
  const known = api.useQuery("get", "/api/v1/devices/{id}", { params: { path: { id: r.device_id } } }, { enabled: r.device_id !== "" && may("devices.read") });
  const names = useNames();
  const say = useWords();
  const d = known.data;
  const i = r.invited;
  const unsaid = t("waiting.sameAs");
  const rows: [keyof (typeof enrollmentStrings)["en"]["waiting"]["rows"], ReactNode, ReactNode][] = [
    ["serial", d && <RouteLink to={`/devices/${d.id}`}>{d.serial}</RouteLink>, r.serial],
    ["class", d && say("class", d.class), say("class", i?.class ?? r.class)],
    ["model", d && `${d.model.maker} ${d.model.name}`, names.model(i?.model ?? r.model) || unsaid],
    ["owner", d && (d.owner || unsaid), i?.owner || unsaid],
    ["place", d && (d.place?.words ?? unsaid), names.place(i?.place_id ?? "") || unsaid],
    ["stage", d && <Standing device={d} />, null],
    ["heard", d && (d.last_seen_at ? <Time at={d.last_seen_at} /> : t("waiting.neverHeard")), null],
    ["certificate", d?.certificate && <Time at={d.certificate.not_after} as="clock" />, null],
    ["asked", null, <Time key="asked" at={r.since} as="clock" />],
    ["from", d?.network?.ssid ?? null, r.remote],
    ["key", null, r.key],
    ["invited", null, i ? dateTime(i.created_at) : t("waiting.renewal")],
  ];
  return (
    <>
      {known.error && <ProblemAlert error={known.error} />}
      <Table.ScrollContainer minWidth={480}>
        <Table withTableBorder>
          <Table.Thead>
            <Table.Tr>
              <Table.Td w="22%" />
              <Table.Th scope="col">{t("waiting.before")}</Table.Th>
              <Table.Th scope="col">{t("waiting.after")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(([name, before, after]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row">{t(`waiting.rows.${name}`)}</Table.Th>
                <Table.Td>{before ?? (d ? null : may("devices.read") ? null : t("waiting.noRecord"))}</Table.Td>
                <Table.Td>{after}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

function Standing({ device: d }: { device: Device }) {
  const say = useWords();
  return (
    <Group gap={4}>
      {say("stage", d.stage)}
      {d.holds.map((hold) => (
        <HoldBadge kind={hold.kind} key={hold.kind} />
      ))}
    </Group>
  );
}

function Decide({ request: r, way, onClose }: { request: Request; way: "through" | "refuse"; onClose: () => void }) {
  const t = useT(enrollmentStrings);
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const decide = api.useMutation("post", "/api/v1/enrollment-requests/{id}/decide", {
    onSuccess: () => {
      notifyDone(t(`waiting.${way}Done`, { serial: r.serial }));
      onClose();
      void client.invalidateQueries();
    },
  });
  const problem = decide.error ? problemOf(decide.error) : undefined;
  const consequence = way === "refuse" ? t("waiting.refuseText") : r.renewal ? t("waiting.throughRenewal") : t("waiting.throughText");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim().length >= 3) decide.mutate({ params: { path: { id: r.id } }, body: { approve: way === "through", reason: reason.trim() } });
      }}
    >
      <Stack>
        <Text size="sm">{consequence}</Text>
        <Textarea
          label={t("waiting.reason")}
          description={t("waiting.reasonHint")}
          withAsterisk
          data-autofocus
          autosize
          minRows={2}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={fieldProblem(problem, "reason")}
        />
        {decide.error && <ProblemAlert error={decide.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("waiting.cancel")}
          </Button>
          <Button type="submit" color={way === "refuse" ? "red" : undefined} loading={decide.isPending} disabled={reason.trim().length < 3}>
            {t(`waiting.${way}`)}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
