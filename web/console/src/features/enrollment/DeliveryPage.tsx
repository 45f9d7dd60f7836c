import { Alert, Button, Grid, Group, Paper, SegmentedControl, Stack, Switch, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconPrinter } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { later } from "../../ui/later";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { RouteButton, RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { text, useAddress } from "../../ui/useAddress";
import { useWords } from "../../words/words";
import { Enrolled } from "./DeliveriesTab";
import { issuedOf, keepIssued, useIssued } from "./issued";
import { Back } from "./Back";
import { Progress } from "./Progress";
import { enrollmentStrings } from "./strings";
import { useNames } from "./useNames";

const IssuedCard = later(() => import("./IssuedCard").then((module) => module.IssuedCard));

type Delivery = Schemas["DeliveryView"];
type Line = Schemas["PackedView"];

/** One delivery: its packing list, its bench, its code. */
export default function DeliveryPage() {
  const t = useT(enrollmentStrings);
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const query = api.useQuery("get", "/api/v1/deliveries/{id}", { params: { path: { id } } });
  const say = useWords();
  const names = useNames();
  const d = query.data;
  return (
    <Page
      title={d?.name ?? t("deliveries.name")}
      about={d && [say("class", d.class), names.model(d.model), names.place(d.place_id)].filter(Boolean).join(" · ")}
      above={<Back search={{ tab: "deliveries" }}>{t("deliveries.back")}</Back>}
    >
      <QueryView query={query}>{(delivery) => <Content delivery={delivery} />}</QueryView>
    </Page>
  );
}

function Content({ delivery: d }: { delivery: Delivery }) {
  const t = useT(enrollmentStrings);
  const enrolled = d.packed.filter((line) => line.device_id);
  const silent = enrolled.filter((line) => !line.completed_at).length;
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, md: 7 }}>
        <Stack>
          <Paper withBorder p="md">
            <Enrolled delivery={d} />
            {silent > 0 && (
              <Text size="sm" mt={4}>
                {t("deliveries.contact", { count: silent })}
              </Text>
            )}
            <Refused delivery={d} />
          </Paper>
          <Packing delivery={d} />
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Stack>
          <Bench delivery={d} />
          <CodeOf delivery={d} />
          <Group gap="xs">
            {enrolled.length > 0 && (
              <RouteButton to="/enrollment/labels" search={{ devices: enrolled.map((line) => line.device_id) } as never} variant="default" leftSection={<IconPrinter size={16} aria-hidden />}>
                {t("deliveries.deviceLabels")}
              </RouteButton>
            )}
          </Group>
        </Stack>
      </Grid.Col>
    </Grid>
  );
}

/** Attempts that its code did not let in. */
function Refused({ delivery }: { delivery: Delivery }) {
  const t = useT(enrollmentStrings);
  const may = useMay();
  const failures = api.useQuery("get", "/api/v1/enrollment-failures", { params: { query: { limit: 200 } } }, { enabled: may("enrollments.read") });
  const count = failures.data?.items.filter((f) => f.invited?.delivery_id === delivery.id).length ?? 0;
  if (count === 0) return null;
  return (
    <Alert mt="sm" color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />}>
      {t("deliveries.refused", { count })}{" "}
      <RouteLink to="/enrollment" search={{ tab: "failed" } as never}>
        {t("deliveries.refusedLink")}
      </RouteLink>
    </Alert>
  );
}

const hours = 8;

/** Whether its serial numbers can enroll now, and until when. */
function Bench({ delivery: d }: { delivery: Delivery }) {
  const t = useT(enrollmentStrings);
  const client = useQueryClient();
  const may = useMay();
  const open = api.useMutation("post", "/api/v1/deliveries/{id}/open", { onSuccess: () => client.invalidateQueries() });
  const keep = (minutes: number) => open.mutate({ params: { path: { id: d.id } }, body: { minutes } });
  return (
    <Paper withBorder p="md">
      <Switch
        label={t("deliveries.benchSwitch")}
        checked={d.open_until !== null}
        disabled={!may("invitations.create") || open.isPending}
        onChange={(event) => keep(event.currentTarget.checked ? hours * 60 : 0)}
      />
      <Text size="sm" c="dimmed" mt={6}>
        {d.open_until ? (
          <>
            {t("deliveries.benchOn")} <Time at={d.open_until} />
          </>
        ) : (
          t("deliveries.benchOff")
        )}
      </Text>
      {d.open_until && may("invitations.create") && (
        <Button size="xs" variant="default" mt="xs" onClick={() => keep(hours * 60)}>
          {t("deliveries.longer", { hours: t("deliveries.hours", { count: hours }) })}
        </Button>
      )}
      {open.error && <ProblemAlert error={open.error} />}
    </Paper>
  );
}

/** The code of the delivery while this tab knows it, and the codes that were made for it. */
function CodeOf({ delivery: d }: { delivery: Delivery }) {
  const t = useT(enrollmentStrings);
  const client = useQueryClient();
  const may = useMay();
  const issued = issuedOf(useIssued(), { delivery: d.id });
  const codes = api.useQuery("get", "/api/v1/invitations", { params: { query: { delivery_id: d.id } } });
  const make = api.useMutation("post", "/api/v1/invitations", {
    onSuccess: (made) => {
      keepIssued(made);
      void client.invalidateQueries();
    },
  });
  if (issued) return <IssuedCard issued={issued} />;
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h5">
        {t("deliveries.code")}
      </Title>
      <Text size="sm" c="dimmed" my="xs">
        {t("deliveries.codeNone")}
      </Text>
      {may("invitations.create") && (
        <Button loading={make.isPending} onClick={() => make.mutate({ body: { class: d.class, delivery_id: d.id } })}>
          {t("deliveries.newCode")}
        </Button>
      )}
      {make.error && <ProblemAlert error={make.error} />}
      <Stack gap={4} mt="sm">
        {codes.data?.items.map((i) => (
          <Group key={i.id} justify="space-between">
            <RouteLink to="/enrollment" search={{ invitation: i.id } as never} size="sm">
              {t("details.made")} <Time at={i.created_at} />
            </RouteLink>
            <Progress invitation={i} />
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}

const filters = ["all", "missing", "enrolled"] as const;

function Packing({ delivery: d }: { delivery: Delivery }) {
  const t = useT(enrollmentStrings);
  const [{ lines }, set] = useAddress((raw) => ({ lines: filters.find((f) => f === text(raw, "lines")) ?? "all" }));
  const columns = useLineColumns();
  const rows = d.packed.filter((line) => lines === "all" || (lines === "enrolled") === (line.device_id !== ""));
  return (
    <section aria-label={t("deliveries.packing")}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {t("deliveries.packing")}
        </Title>
        <SegmentedControl
          size="xs"
          aria-label={t("deliveries.state")}
          value={lines}
          onChange={(to) => set({ lines: to === "all" ? undefined : to }, { replace: true })}
          data={filters.map((value) => ({ value, label: t(`deliveries.filter.${value}`) }))}
        />
      </Group>
      {rows.length === 0 ? (
        <Empty title={t("deliveries.noLines")} />
      ) : (
        <ListTable label={t("deliveries.packing")} rows={rows} columns={columns} rowId={(line) => line.serial} total={d.packed.length} />
      )}
    </section>
  );
}

function useLineColumns(): ColumnDef<Line>[] {
  const t = useT(enrollmentStrings);
  return useMemo(
    () => [
      {
        id: "serial",
        header: t("deliveries.serial"),
        cell: ({ row: { original: l } }) => (l.device_id ? <RouteLink to={`/devices/${l.device_id}`} size="sm">{l.serial}</RouteLink> : l.serial),
      },
      { id: "state", header: t("deliveries.state"), cell: ({ row: { original: l } }) => <LineState line={l} /> },
    ],
    [t],
  );
}

function LineState({ line: l }: { line: Line }) {
  const t = useT(enrollmentStrings);
  if (l.ended_at) return <Said word={t("deliveries.lineEnded")} at={l.ended_at} />;
  if (l.completed_at) return <Said word={t("deliveries.lineEnrolled")} at={l.completed_at} />;
  if (l.device_id) return <Said word={t("deliveries.lineContact")} at={l.used_at} />;
  if (l.used_at) return <Said word={t("deliveries.lineWaiting")} at={l.used_at} />;
  return <>{t("deliveries.lineMissing")}</>;
}

function Said({ word, at }: { word: string; at: string | null }) {
  return (
    <>
      {word} <Time at={at} />
    </>
  );
}
