/** What is wrong with a serial number that was scanned, typed, pasted or read from a file. */
export type Fault = "duplicate" | "unprintable";

export interface Rejected {
  serial: string;
  fault: Fault;
  /** The place in the list, from 1, of the one that it repeats. */
  first?: number;
}

const longest = 64;
const separator = "\u001d"; // what ends a field of variable length in a GS1 code

/**
 * The serial number in what a scanner sent. Pumps carry their serial number
 * either as it is or inside a UDI (GS1: 01 device, 11 made, 17 good until, 10
 * lot, 21 serial), with brackets or without.
 */
export function serialOf(scanned: string): string {
  const text = scanned.trim().replace(/^\](d2|C1|Q3)/, "");
  const bracketed = /^\(01\)\d{14}/.test(text) ? /\(21\)([^(]+)/.exec(text)?.[1] : undefined;
  return bracketed?.trim() ?? serialOfPlainUDI(text) ?? text;
}

function serialOfPlainUDI(text: string): string | undefined {
  let rest = /^01\d{14}(.+)$/s.exec(text)?.[1];
  while (rest) {
    const fixed = /^(?:11|12|13|15|16|17)\d{6}(.*)$/s.exec(rest);
    if (fixed) {
      rest = fixed[1];
      continue;
    }
    if (!/^(10|21)/.test(rest)) return undefined;
    const end = rest.indexOf(separator);
    const value = end < 0 ? rest.slice(2) : rest.slice(2, end);
    if (rest.startsWith("21")) return value;
    rest = end < 0 ? undefined : rest.slice(end + 1);
  }
  return undefined;
}

/** The serial numbers in a text with one in each line, or in a CSV file: its column "serial", or the first. */
export function serialsIn(text: string): string[] {
  const rows = text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim());
  const head = (rows[0] ?? "").split(/[;,\t]/).map((cell) => unquoted(cell).toLowerCase());
  const named = head.findIndex((cell) => ["serial", "serial number", "serial_number", "sn", "seriennummer"].includes(cell));
  return rows
    .slice(named < 0 ? 0 : 1)
    .map((line) => serialOf(unquoted(line.split(/[;,\t]/)[Math.max(named, 0)] ?? "")))
    .filter(Boolean);
}

function unquoted(cell: string): string {
  return cell.trim().replace(/^"(.*)"$/, "$1").replaceAll('""', '"').trim();
}

/** Adds serial numbers to a list; what is there already, in whatever case, is not added. */
export function addSerials(list: readonly string[], incoming: readonly string[]): { list: string[]; added: string[]; rejected: Rejected[] } {
  const out = [...list];
  const at = new Map(list.map((serial, index) => [serial.toLowerCase(), index + 1]));
  const added: string[] = [];
  const rejected: Rejected[] = [];
  for (const serial of incoming) {
    const first = at.get(serial.toLowerCase());
    if (serial.length > longest || !/^[\x20-\x7e]+$/.test(serial)) rejected.push({ serial, fault: "unprintable" });
    else if (first) rejected.push({ serial, fault: "duplicate", first });
    else {
      out.push(serial);
      added.push(serial);
      at.set(serial.toLowerCase(), out.length);
    }
  }
  return { list: out, added, rejected };
}
