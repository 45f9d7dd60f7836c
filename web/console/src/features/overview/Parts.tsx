import { Stack, Table, Text } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import { Bars } from "./Bars";
import { Card, Nothing } from "./Card";
import { NumberLink } from "./NumberLink";
import classes from "./Overview.module.css";
import { overviewStrings } from "./strings";

type Overview = Schemas["OverviewView"];

/** Commands that have not ended, by what they wait for; groups without any are left out. */
export function Waiting({ commands }: { commands: Overview["commands"] }) {
  const t = useT(overviewStrings);
  const groups = commands.waiting.filter((group) => group.count > 0);
  const warned: Record<string, string> = { unconfirmed: "orange", queued_silent: "yellow" };
  return (
    <Card title={t("commands.title")} aside={<NumberLink of={commands} what={t("commands.title")} size="xl" />}>
      {groups.length === 0 ? (
        <Nothing>{t("commands.none")}</Nothing>
      ) : (
        <Bars
          label={t("commands.title")}
          head={[t("commands.waitsFor"), t("number")]}
          bars={groups.map((g) => ({ ...g, key: g.waiting, label: t(`commands.${g.waiting}`), words: t(`commands.${g.waiting}`), color: warned[g.waiting] }))}
        />
      )}
    </Card>
  );
}

/** Devices by when their certificate ends. */
export function Certificates({ ends }: { ends: Overview["certificates"] }) {
  const t = useT(overviewStrings);
  const say = useWords();
  const colors: Record<string, string> = { ended: "red", within_7_days: "orange", within_30_days: "yellow" };
  return (
    <Card title={t("certificates.title")}>
      {ends.every((e) => e.count === 0) ? (
        <Nothing>{t("certificates.none")}</Nothing>
      ) : (
        <Bars
          label={t("certificates.title")}
          head={[t("certificates.ends"), t("number")]}
          bars={ends.map((e) => ({ ...e, key: e.end, label: say("certificateEnd", e.end), words: say("certificateEnd", e.end), color: colors[e.end] }))}
        />
      )}
    </Card>
  );
}

/** Where devices are in their life. */
export function Stages({ stages }: { stages: Overview["stages"] }) {
  const t = useT(overviewStrings);
  const say = useWords();
  return (
    <Card title={t("stages.title")}>
      <Bars label={t("stages.title")} head={[t("what"), t("number")]} bars={stages.map((s) => ({ ...s, key: s.stage, label: say("stage", s.stage), words: say("stage", s.stage) }))} />
    </Card>
  );
}

/** Devices that were heard of and are not any more. */
export function Silent({ spans }: { spans: Overview["silent"] }) {
  const t = useT(overviewStrings);
  const long = (hours: number) => (hours > 48 ? t("silent.days", { count: hours / 24 }) : t("silent.hours", { count: hours }));
  return (
    <Card title={t("silent.title")} about={t("silent.about")}>
      {spans.every((s) => s.count === 0) ? (
        <Nothing>{t("silent.none")}</Nothing>
      ) : (
        <Bars
          label={t("silent.title")}
          head={[t("silent.length"), t("number")]}
          bars={spans.map((s) => ({ ...s, key: String(s.hours), label: long(s.hours), words: `${t("silent.length")} ${long(s.hours)}`, color: "gray" }))}
        />
      )}
    </Card>
  );
}

/** What is lost, and the newest of it. */
export function Lost({ lost }: { lost: Overview["lost"] }) {
  const t = useT(overviewStrings);
  const say = useWords();
  return (
    <Card title={t("lost.title")} aside={<NumberLink of={lost} what={t("lost.title")} size="xl" />}>
      {lost.count === 0 ? (
        <Nothing>{t("lost.none")}</Nothing>
      ) : (
        <Table.ScrollContainer minWidth={380} type="native" scrollAreaProps={{ tabIndex: 0, role: "region", "aria-label": t("lost.newest") }}>
          <Table aria-label={t("lost.newest")} verticalSpacing={6} horizontalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("lost.newest")}</Table.Th>
                <Table.Th>{t("lost.since")}</Table.Th>
                <Table.Th>{t("lost.seen")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {lost.newest.map(({ device, since, last_seen_at }) => (
                <Table.Tr key={device.id}>
                  <Table.Th scope="row" fw={400}>
                    <Stack gap={0}>
                      <RouteLink to={`/devices/${device.id}`} size="sm" underline="always">
                        {device.asset_tag || device.serial}
                      </RouteLink>
                      <Text span size="xs" c="dimmed">
                        {[say("class", device.class), device.owner].filter(Boolean).join(" · ")}
                      </Text>
                    </Stack>
                  </Table.Th>
                  <Table.Td className={classes.nowrap}>
                    <Time at={since} />
                  </Table.Td>
                  <Table.Td className={classes.nowrap}>
                    <Time at={last_seen_at} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Card>
  );
}
