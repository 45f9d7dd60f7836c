import { Group, Text } from "@mantine/core";
import { flexRender, getCoreRowModel, useReactTable, type ColumnDef } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import { number } from "../i18n/format";
import { useT } from "../i18n/strings";
import classes from "./ListTable.module.css";
import { uiStrings } from "./strings";

export type { ColumnDef } from "@tanstack/react-table";

interface Props<Row> {
  /** What the table is of, for screen readers. */
  label: string;
  rows: Row[];
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
}

const rowHeight = 45;

/**
 * The one table of lists: rows that are in sight are drawn, the others are space.
 * Arrow keys, Home and End walk, Enter opens.
 */
export function ListTable<Row>(props: Props<Row>) {
  const { label, rows, columns, rowId, total, totalIsFloor, more, loadingMore, onOpen, isSelected, footer } = props;
  const t = useT(uiStrings);
  const scroll = useRef<HTMLDivElement>(null);
  const table = useReactTable({ data: rows, columns, getRowId: rowId, getCoreRowModel: getCoreRowModel(), manualSorting: true });
  const model = table.getRowModel().rows;
  const virtual = useVirtualizer({ count: model.length, getScrollElement: () => scroll.current, estimateSize: () => rowHeight, overscan: 12 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1);
  useEffect(() => {
    if (last && last.index >= model.length - 8 && !loadingMore) more?.();
  }, [last, model.length, loadingMore, more]);

  const walk = (event: KeyboardEvent<HTMLTableRowElement>, index: number) => {
    if (event.target !== event.currentTarget) return;
    const row = model[index];
    if (event.key === "Enter" && row && onOpen) {
      event.preventDefault();
      onOpen(row.original);
      return;
    }
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -index, End: model.length - 1 - index };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const to = Math.min(Math.max(index + step, 0), model.length - 1);
    virtual.scrollToIndex(to);
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`tr[data-index="${to}"]`)?.focus());
  };

  const above = items[0]?.start ?? 0;
  const below = last ? virtual.getTotalSize() - last.end : 0;
  return (
    <div>
      <div className={classes.scroll} ref={scroll}>
        <table className={classes.table} aria-label={label} aria-rowcount={totalIsFloor ? -1 : total + 1}>
          <thead>
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id} aria-rowindex={1}>
                {group.headers.map((header) => (
                  <th key={header.id} scope="col" style={{ width: header.column.columnDef.size }}>
                    {flexRender(header.column.columnDef.header, header.getContext())}
                  </th>
                ))}
              </tr>
            ))}
          </thead>
          <tbody>
            {above > 0 && <Space height={above} columns={columns.length} />}
            {items.map((item) => {
              const row = model[item.index];
              if (!row) return null;
              return (
                // The whole row is a target for the pointer; the keyboard has it too, and each row holds a link.
                <tr
                  key={row.id}
                  className={classes.row}
                  data-index={item.index}
                  data-clickable={onOpen ? true : undefined}
                  data-selected={isSelected?.(row.original) || undefined}
                  aria-rowindex={item.index + 2}
                  tabIndex={item.index === 0 ? 0 : -1}
                  onKeyDown={(event) => walk(event, item.index)}
                  onClick={(event) => {
                    const inner = (event.target as HTMLElement).closest("a, button, input, label");
                    if (!inner && onOpen) onOpen(row.original);
                  }}
                >
                  {row.getVisibleCells().map((cell) => (
                    <td key={cell.id}>{flexRender(cell.column.columnDef.cell, cell.getContext())}</td>
                  ))}
                </tr>
              );
            })}
            {below > 0 && <Space height={below} columns={columns.length} />}
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

function Space({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true">
      <td className={classes.spacer} colSpan={columns} style={{ height }} />
    </tr>
  );
}
