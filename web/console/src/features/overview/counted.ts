import type { Schemas } from "../../api/client";

/** A count with the list behind it, as the server gives each. */
export type Counted = Pick<Schemas["Number"], "count" | "list" | "query">;

/** The screen that shows a list, and what its address says: the names are the API's own. */
export function screenOf({ list, query }: Counted): { path: string; search: Record<string, string | number | boolean> } {
  if (list === "enrollment-requests") return { path: "/enrollment", search: { tab: "requests" } };
  if (list === "commands" && query.inbox === "true") return { path: "/inbox", search: {} };
  return { path: `/${list}`, search: Object.fromEntries(Object.entries(query).map(([name, value]) => [name, plain(value)])) };
}

// Numbers and yes or no stand in an address without quotation marks.
function plain(value: string): string | number | boolean {
  if (value === "true") return true;
  return /^\d{1,9}$/.test(value) ? Number(value) : value;
}
