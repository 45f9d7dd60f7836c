import { Group, SegmentedControl, Table, Text } from "@mantine/core";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { number, shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { Card, Nothing } from "./Card";
import classes from "./Overview.module.css";
import { overviewStrings } from "./strings";

type Hour = Schemas["CheckInsView"];

interface Props {
  hours: Hour[];
  range: number;
  setRange: (hours: number) => void;
}

/** How many devices were heard of in each hour: as a chart, or as a table. */
export function CheckIns({ hours, range, setRange }: Props) {
  const t = useT(overviewStrings);
  const [form, setForm] = useState("chart");
  return (
    <Card
      title={t("checkIns.title")}
      aside={
        <Group gap="xs">
          <SegmentedControl
            size="xs"
            aria-label={t("checkIns.range")}
            value={String(range)}
            onChange={(value) => setRange(Number(value))}
            data={[
              { value: "24", label: t("checkIns.day") },
              { value: "168", label: t("checkIns.week") },
            ]}
          />
          <SegmentedControl
            size="xs"
            aria-label={t("checkIns.form")}
            value={form}
            onChange={setForm}
            data={[
              { value: "chart", label: t("checkIns.chart") },
              { value: "table", label: t("checkIns.table") },
            ]}
          />
        </Group>
      }
    >
      {hours.every((h) => h.devices === 0) ? <Nothing>{t("checkIns.none")}</Nothing> : form === "chart" ? <Chart hours={hours} /> : <HourTable hours={hours} />}
    </Card>
  );
}

/** Columns are few and alike: they need no library. */
function Chart({ hours }: { hours: Hour[] }) {
  const t = useT(overviewStrings);
  const most = Math.max(1, ...hours.map((h) => h.devices));
  const past = hours.slice(0, -1).map((h) => h.devices);
  const last = hours.at(-1);
  const first = hours[0];
  if (!first || !last) return null;
  const summary = t("checkIns.summary", { hours: hours.length, least: number(Math.min(...past)), most: number(Math.max(...past)), now: number(last.devices) });
  return (
    <div>
      <Text size="xs" c="dimmed">
        {number(most)}
      </Text>
      <svg role="img" aria-label={summary} viewBox={`0 0 ${hours.length * 10} 100`} preserveAspectRatio="none" className={classes.chart}>
        {hours.map((h, i) => {
          const height = (100 * h.devices) / most;
          return (
            <rect key={h.hour} x={i * 10 + 1} width={8} y={100 - height} height={height} className={h === last ? classes.running : classes.column}>
              <title>{t("checkIns.bar", { time: shortTime(h.hour), count: number(h.devices) })}</title>
            </rect>
          );
        })}
      </svg>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="xs" c="dimmed">
          {shortTime(first.hour)}
        </Text>
        <Text size="xs" c="dimmed" ta="end">
          {`${shortTime(last.hour)} · ${t("checkIns.running")}`}
        </Text>
      </Group>
    </div>
  );
}

function HourTable({ hours }: { hours: Hour[] }) {
  const t = useT(overviewStrings);
  const newest = hours.at(-1);
  return (
    <Table.ScrollContainer minWidth={200} maxHeight={220} type="native" scrollAreaProps={{ tabIndex: 0, role: "region", "aria-label": t("checkIns.title") }}>
      <Table aria-label={t("checkIns.title")} verticalSpacing={4} horizontalSpacing="xs" stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("checkIns.hour")}</Table.Th>
            <Table.Th className={classes.number}>{t("checkIns.devices")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {hours.toReversed().map((h) => (
            <Table.Tr key={h.hour}>
              <Table.Th scope="row" fw={400}>
                {shortTime(h.hour)}
                {h === newest && ` · ${t("checkIns.running")}`}
              </Table.Th>
              <Table.Td className={classes.number}>{number(h.devices)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
