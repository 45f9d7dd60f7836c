import { flexRender, type ColumnDef, type Row as TableRow } from "@tanstack/react-table";
import { memo, type KeyboardEvent } from "react";
import classes from "./ListTable.module.css";

interface Props<Data> {
  row: TableRow<Data>;
  columns: ColumnDef<Data>[];
  index: number;
  height: number;
  /** The one row that Tab reaches; arrows go on from it. */
  reachable: boolean;
  clickable: boolean;
  selected: boolean | undefined;
  /** Set when rows can be chosen. */
  selectLabel: string | undefined;
  onKeyDown: (event: KeyboardEvent<HTMLTableRowElement>, index: number) => void;
  onOpen: (row: Data) => void;
  onSelect: (row: Data, index: number, range: boolean) => void;
}

function PlainRow<Data>({ row, index, height, reachable, clickable, selected, selectLabel, onKeyDown, onOpen, onSelect }: Props<Data>) {
  const data = row.original;
  return (
    // The whole row is a target for the pointer; the keyboard has it too, and each row holds a link.
    <tr
      className={classes.row}
      data-index={index}
      data-clickable={clickable || undefined}
      data-selected={selected || undefined}
      aria-rowindex={index + 2}
      aria-selected={selectLabel === undefined ? undefined : selected === true}
      tabIndex={reachable ? 0 : -1}
      style={{ height }}
      onKeyDown={(event) => onKeyDown(event, index)}
      onClick={(event) => {
        const inner = (event.target as HTMLElement).closest("a, button, input, label");
        if (inner) return;
        if (selectLabel !== undefined && (event.shiftKey || event.ctrlKey || event.metaKey)) onSelect(data, index, event.shiftKey);
        else if (clickable) onOpen(data);
      }}
    >
      {selectLabel !== undefined && (
        <td className={classes.box}>
          <label className={classes.target}>
            <input
              type="checkbox"
              checked={selected === true}
              aria-label={selectLabel}
              tabIndex={reachable ? 0 : -1}
              onChange={(event) => onSelect(data, index, (event.nativeEvent as MouseEvent).shiftKey)}
            />
          </label>
        </td>
      )}
      {row.getVisibleCells().map((cell) => (
        <td key={cell.id}>{flexRender(cell.column.columnDef.cell, cell.getContext())}</td>
      ))}
    </tr>
  );
}

/** A row is drawn anew only when something about it changed: while one scrolls, most have not. */
export const Row = memo(PlainRow, (before, after) => {
  if (before.row.original !== after.row.original || before.row.id !== after.row.id) return false;
  return (Object.keys(before) as (keyof typeof before)[]).every((name) => name === "row" || before[name] === after[name]);
}) as typeof PlainRow;
