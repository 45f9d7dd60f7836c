/**
 * One line of CSV (RFC 4180). A cell that a spreadsheet would run as a formula
 * gets an apostrophe before it, as in the server's own exports.
 */
export function csvLine(cells: string[]): string {
  return cells.map((cell) => quoted(/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell)).join(",") + "\r\n";
}

function quoted(cell: string): string {
  return /[",\r\n;]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
