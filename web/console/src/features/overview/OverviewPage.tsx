import { SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { keepPreviousData } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { screens } from "../../screens";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { text, useAddress } from "../../ui/useAddress";
import { Attention } from "./Attention";
import { CheckIns } from "./CheckIns";
import { Devices } from "./Devices";
import { Certificates, Lost, Silent, Stages, Waiting } from "./Parts";
import { Pumps, Wards } from "./Pumps";
import { overviewStrings } from "./strings";

// What devices report (therapy, silence, check-ins) is not in the event stream:
// there would be thousands of events a second. So this one read is repeated.
const every = 15_000;

const day = 24;
const week = 168;

/** The hospital in numbers; each leads to the list behind it. */
export default function OverviewPage() {
  const t = useT(overviewStrings);
  const [{ hours }, setAddress] = useAddress((raw) => ({ hours: text(raw, "hours") === String(week) ? week : day }));
  const query = api.useQuery("get", "/api/v1/overview", { params: { query: { check_in_hours: hours } } }, { placeholderData: keepPreviousData, refetchInterval: every });
  return (
    <Page title={t("title")} about={query.data && <Counted at={query.data.as_of} />}>
      <QueryView query={query} loading={<Grey />} isEmpty={(o) => o.devices.count === 0 && o.attention.every((a) => a.count === 0)} empty={<NoDevice />}>
        {(o) => <Numbers overview={o} range={hours} setRange={(value) => setAddress({ hours: value === day ? undefined : value }, { replace: true })} />}
      </QueryView>
    </Page>
  );
}

function Counted({ at }: { at: string }) {
  const t = useT(overviewStrings);
  return (
    <Text span size="sm">
      {t("counted")} <Time at={at} />
    </Text>
  );
}

interface NumbersProps {
  overview: Schemas["OverviewView"];
  range: number;
  setRange: (hours: number) => void;
}

function Numbers({ overview: o, range, setRange }: NumbersProps) {
  return (
    <Stack gap="md">
      <Attention items={o.attention} />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <Stack gap="md">
          <Pumps pumps={o.pumps} />
          <Waiting commands={o.commands} />
          <Lost lost={o.lost} />
          <Silent spans={o.silent} />
        </Stack>
        <Stack gap="md">
          <Devices overview={o} />
          <Certificates ends={o.certificates} />
          <Stages stages={o.stages} />
        </Stack>
      </SimpleGrid>
      <CheckIns hours={o.check_ins} range={range} setRange={setRange} />
      <Wards pumps={o.pumps} />
    </Stack>
  );
}

function Grey() {
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
      {[220, 300, 180, 200].map((height) => (
        <Skeleton key={height} height={height} radius="md" />
      ))}
    </SimpleGrid>
  );
}

function NoDevice() {
  const t = useT(overviewStrings);
  const enrollment = screens.some((s) => s.path === "/enrollment");
  return (
    <Empty title={t("empty")}>
      {t("emptyText")} {enrollment && <RouteLink to="/enrollment">{t("toEnrollment")}</RouteLink>}
    </Empty>
  );
}
