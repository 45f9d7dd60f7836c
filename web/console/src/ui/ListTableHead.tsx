import { IconArrowDown, IconArrowUp, IconArrowsSort } from "@tabler/icons-react";
import { flexRender, type Table } from "@tanstack/react-table";
import { useEffect, useRef } from "react";
import { useT } from "../i18n/strings";
import classes from "./ListTable.module.css";
import { uiStrings } from "./strings";

/** Which rows of a list are chosen. Ids that are not shown may be chosen too. */
export interface Selection<Row> {
  any: boolean;
  /** Every row that is shown is chosen. */
  all: boolean;
  has: (id: string) => boolean;
  /** Chooses a row or no longer; with range, all from the one before to it. */
  toggle: (row: Row, index: number, range: boolean) => void;
  /** Chooses the rows from one number to another. */
  extend: (from: number, to: number) => void;
  toggleAll: () => void;
  clear: () => void;
  /** What the box of a row is called: "Select SN-1". */
  label: (row: Row) => string;
}

interface Props<Row> {
  table: Table<Row>;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
  selection: Selection<Row> | undefined;
  fixed: boolean;
}

export function Headers<Row>({ table, sort, onSort, selection, fixed }: Props<Row>) {
  return (
    <thead>
      {table.getHeaderGroups().map((group) => (
        <tr key={group.id} aria-rowindex={1}>
          {selection && (
            <th scope="col" className={classes.box}>
              <SelectAll selection={selection} />
            </th>
          )}
          {group.headers.map(({ id, column, getContext }) => {
            const by = onSort && column.columnDef.meta?.sort;
            const text = flexRender(column.columnDef.header, getContext());
            return (
              <th key={id} scope="col" style={fixed ? { width: column.columnDef.size } : undefined} aria-sort={by ? sorted(sort, by) : undefined}>
                {by ? <SortButton by={by} sort={sort} onSort={onSort} text={text} /> : text}
              </th>
            );
          })}
        </tr>
      ))}
    </thead>
  );
}

function sorted(sort: string | undefined, by: string): "ascending" | "descending" | "none" {
  if (sort === by) return "ascending";
  return sort === `-${by}` ? "descending" : "none";
}

interface SortProps {
  by: string;
  sort: string | undefined;
  onSort: (sort: string) => void;
  text: React.ReactNode;
}

function SortButton({ by, sort, onSort, text }: SortProps) {
  const state = sorted(sort, by);
  const Icon = { ascending: IconArrowUp, descending: IconArrowDown, none: IconArrowsSort }[state];
  return (
    <button type="button" className={classes.sort} data-sorted={state !== "none" || undefined} onClick={() => onSort(state === "ascending" ? `-${by}` : by)}>
      {text}
      <Icon size={14} aria-hidden />
    </button>
  );
}

function SelectAll<Row>({ selection }: { selection: Selection<Row> }) {
  const t = useT(uiStrings);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = selection.any && !selection.all;
  }, [selection.any, selection.all]);
  return (
    <label className={classes.target}>
      <input ref={box} type="checkbox" checked={selection.all} onChange={selection.toggleAll} aria-label={t("selectAll")} />
    </label>
  );
}
