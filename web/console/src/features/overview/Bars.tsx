import { Table } from "@mantine/core";
import type { ReactNode } from "react";
import type { Counted } from "./counted";
import classes from "./Overview.module.css";
import { NumberLink } from "./NumberLink";

export interface Bar extends Counted {
  key: string;
  label: ReactNode;
  /** The label as plain text. */
  words: string;
  /** A Mantine colour; it repeats what the label says. */
  color?: string;
}

interface Props {
  /** What the table is of, for screen readers. */
  label: string;
  head: [string, string];
  bars: Bar[];
}

/** A table whose numbers are drawn as bars beside them: it is its own alternative. */
export function Bars({ label, head, bars }: Props) {
  const most = Math.max(1, ...bars.map((bar) => bar.count));
  return (
    <Table aria-label={label} verticalSpacing={6} horizontalSpacing="xs" className={classes.bars}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{head[0]}</Table.Th>
          <Table.Th className={classes.number}>{head[1]}</Table.Th>
          <Table.Td className={classes.barCell} />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {bars.map((bar) => (
          <Table.Tr key={bar.key}>
            <Table.Th scope="row" fw={400}>
              {bar.label}
            </Table.Th>
            <Table.Td className={classes.number}>
              <NumberLink of={bar} what={bar.words} />
            </Table.Td>
            <Table.Td className={classes.barCell} aria-hidden>
              <div className={classes.bar} style={{ width: `${(100 * bar.count) / most}%`, background: `var(--mantine-color-${bar.color ?? "teal"}-6)` }} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
