import { Group, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { getCoreRowModel, useReactTable, type ColumnDef, type RowData } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { number } from "../i18n/format";
import { useT } from "../i18n/strings";
import classes from "./ListTable.module.css";
import { Headers, type Selection } from "./ListTableHead";
import { Row } from "./ListTableRow";
import { uiStrings } from "./strings";

export type { ColumnDef } from "@tanstack/react-table";
export type { Selection } from "./ListTableHead";

declare module "@tanstack/react-table" {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- the library's own parameters
  interface ColumnMeta<TData extends RowData, TValue> {
    /** The API's name of the order by this column; without one it is not sorted by. */
    sort?: string;
  }
}

interface Props<Row> {
  /** What the table is of, for screen readers. */
  label: string;
  rows: Row[];
  /** When each has a size (pixels), widths are fixed: nothing moves while one scrolls, and long lists are drawn faster. */
  columns: ColumnDef<Row>[];
  rowId: (row: Row) => string;
  /** How many match in all; the rows may be the first of them. */
  total: number;
  /** The total is a lower bound: the server counts no further for some readers. */
  totalIsFloor?: boolean;
  /** Reads the next page, when there is one. Called when the last rows come into sight. */
  more?: () => void;
  loadingMore?: boolean;
  onOpen?: (row: Row) => void;
  isSelected?: (row: Row) => boolean;
  /** Stands left of the count below the table. */
  footer?: ReactNode;
  /** The API's order, "-serial" for the reverse; with onSort, headers that have one can be clicked. */
  sort?: string;
  onSort?: (sort: string) => void;
  /** Adds a column of check boxes; Space, Shift and arrows select from the keyboard. */
  selection?: Selection<Row>;
  /** On narrow screens a row is one cell of several lines, this high in pixels. */
  narrow?: { height: number; cell: (row: Row) => ReactNode };
  /** The list is about something else when this changes: it begins at its top. */
  about?: string;
  /** The rows are those of before, while new ones are read. */
  stale?: boolean;
  /** Called with the numbers of the rows in sight. */
  onSight?: (first: number, last: number) => void;
}

const rowHeight = 45;

/**
 * The one table of lists: rows that are in sight are drawn, the others are space.
 * Arrow keys, Home and End walk, Enter opens, Space selects.
 */
export function ListTable<Row>(props: Props<Row>) {
  const { label, rows, rowId, total, totalIsFloor, more, loadingMore, onOpen, isSelected, footer, selection, narrow, about, stale, onSight } = props;
  const t = useT(uiStrings);
  const scroll = useRef<HTMLDivElement>(null);
  const small = useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false }) && narrow !== undefined;
  const columns = useColumns(props.columns, small ? narrow : undefined, label);
  const height = small ? narrow.height : rowHeight;
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroll.current, estimateSize: () => height, overscan: 10 });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  // The table is made of the rows that are drawn: a page more does not cost what all pages cost.
  const drawn = useMemo(() => rows.slice(first, last + 1), [rows, first, last]);
  const table = useReactTable({ data: drawn, columns, getRowId: rowId, getCoreRowModel: getCoreRowModel(), manualSorting: true });
  const model = table.getRowModel().rows;
  useLayoutEffect(() => virtual.measure(), [virtual, height]);
  useEffect(() => {
    if (last >= rows.length - 20 && rows.length > 0 && !loadingMore) more?.();
    onSight?.(first, last);
  }, [first, last, rows.length, loadingMore, more, onSight]);
  const before = useRef(about);
  useEffect(() => {
    if (before.current !== about) scroll.current?.scrollTo({ top: 0 });
    before.current = about;
  }, [about]);

  const [active, setActive] = useState(0);
  const goTo = (index: number) => {
    const to = Math.min(Math.max(index, 0), rows.length - 1);
    setActive(to);
    virtual.scrollToIndex(to);
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`tr[data-index="${to}"]`)?.focus());
    return to;
  };
  const onKey = (event: KeyboardEvent<HTMLTableRowElement>, index: number) => {
    if (event.target !== event.currentTarget) return;
    const row = rows[index];
    if (row === undefined) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -index, End: rows.length - 1 - index };
    const step = steps[event.key];
    if (event.key === "Enter" && onOpen) onOpen(row);
    else if (event.key === " " && selection) selection.toggle(row, index, event.shiftKey);
    else if (event.key === "Escape" && selection?.any) selection.clear();
    else if (step !== undefined) {
      const to = goTo(index + step);
      if (event.shiftKey && selection) selection.extend(index, to);
    } else return;
    event.preventDefault();
  };
  // The rows are drawn once and keep what they were given: they call what is there now.
  const now = useRef({ onKey, onOpen, selection });
  useLayoutEffect(() => {
    now.current = { onKey, onOpen, selection };
  });
  const keyDown = useCallback((event: KeyboardEvent<HTMLTableRowElement>, index: number) => now.current.onKey(event, index), []);
  const open = useCallback((row: Row) => now.current.onOpen?.(row), []);
  const select = useCallback((row: Row, index: number, range: boolean) => now.current.selection?.toggle(row, index, range), []);

  const reachable = active >= first && active <= last ? active : first;
  const width = columns.length + (selection ? 1 : 0);
  const above = items[0]?.start ?? 0;
  const below = items.length > 0 ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;
  const fixed = !small && columns.every((column) => column.size !== undefined);
  return (
    <div>
      <div className={classes.scroll} ref={scroll} data-stale={stale || undefined} aria-busy={stale || undefined} data-scroll-restoration-id={label}>
        <table
          className={classes.table}
          data-fixed={fixed || undefined}
          data-narrow={small || undefined}
          style={fixed ? { minWidth: columns.reduce((sum, column) => sum + (column.size ?? 0), selection ? 44 : 0) } : undefined}
          aria-label={label}
          aria-rowcount={totalIsFloor ? -1 : total + 1}
        >
          <Headers table={table} sort={props.sort} onSort={props.onSort} selection={selection} fixed={fixed} />
          <tbody>
            {above > 0 && <Space height={above} columns={width} />}
            {items.map((item) => {
              const row = model[item.index - first];
              if (!row) return null;
              return (
                <Row
                  key={row.id}
                  row={row}
                  columns={columns}
                  index={item.index}
                  height={height}
                  reachable={item.index === reachable}
                  clickable={onOpen !== undefined}
                  selected={selection ? selection.has(row.id) : isSelected?.(row.original)}
                  selectLabel={selection?.label(row.original)}
                  onKeyDown={keyDown}
                  onOpen={open}
                  onSelect={select}
                />
              );
            })}
            {below > 0 && <Space height={below} columns={width} />}
          </tbody>
        </table>
      </div>
      <Group justify="space-between" mt={6}>
        <div>{footer}</div>
        <Text size="sm" c="dimmed" role="status">
          {loadingMore ? `${t("loadingMore")} · ` : ""}
          {t(totalIsFloor ? "shownAtLeast" : "shown", { shown: number(rows.length), total: number(total) })}
        </Text>
      </Group>
    </div>
  );
}

function useColumns<Row>(columns: ColumnDef<Row>[], narrow: Props<Row>["narrow"], label: string): ColumnDef<Row>[] {
  const cell = narrow?.cell;
  return useMemo(() => (cell ? [{ id: "all", header: label, cell: ({ row }) => cell(row.original) }] : columns), [columns, cell, label]);
}

function Space({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true">
      <td className={classes.spacer} colSpan={columns} style={{ height }} />
    </tr>
  );
}
