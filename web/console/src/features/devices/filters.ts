import type { paths } from "../../api/schema";
import { text, texts } from "../../ui/useAddress";
import type { en } from "../../words/en";

/** What GET /api/v1/devices takes, but for the page. */
export type DeviceQuery = Omit<NonNullable<paths["/api/v1/devices"]["get"]["parameters"]["query"]>, "limit" | "cursor">;

/** How a filter is chosen: from a list of words, of models, of places; typed; or as a time. */
type Editor =
  | { by: "words"; list: keyof typeof en }
  | { by: "model" }
  | { by: "configuration" }
  | { by: "place" }
  | { by: "text"; many?: boolean }
  | { by: "silence" }
  | { by: "days" };

/** The filters of a list of devices, under the names that the API and the address give them, in the order of the menu. */
export const filters = {
  class: { by: "words", list: "class" },
  place_id: { by: "place" },
  therapy: { by: "words", list: "therapy" },
  hold: { by: "words", list: "hold" },
  stage: { by: "words", list: "stage" },
  condition: { by: "words", list: "condition" },
  custody: { by: "words", list: "custody" },
  management: { by: "words", list: "management" },
  model: { by: "model" },
  owner: { by: "text" },
  tag: { by: "text", many: true },
  silent: { by: "silence" },
  certificate: { by: "words", list: "certificateEnd" },
  certificate_days: { by: "days" },
  fault: { by: "words", list: "fault" },
  configuration: { by: "configuration" },
  configuration_state: { by: "words", list: "configurationState" },
  current: { by: "words", list: "yes" },
  no_ward: { by: "words", list: "yes" },
  serial: { by: "text" },
  asset_tag: { by: "text" },
} as const satisfies Record<string, Editor>;

export type FilterName = keyof typeof filters;
export const filterNames = Object.keys(filters) as FilterName[];

/** Everything that decides which devices are shown, and in which order, as the address holds it. */
export interface DeviceList {
  q?: string;
  sort?: string;
  /** Values of each filter, in the order in which they were chosen; never empty. */
  chosen: Partial<Record<FilterName, string[]>>;
}

/** Reads the address: values of one filter stand in one parameter with commas between them. */
export function readAddress(raw: Record<string, unknown>): DeviceList {
  const list: DeviceList = { q: text(raw, "q"), sort: text(raw, "sort"), chosen: {} };
  for (const name of filterNames) {
    const values = texts(raw, addressName(name, raw))
      .flatMap((value) => (splits(name) ? value.split(",") : [value]))
      .map((value) => value.trim())
      .filter((value) => value !== "");
    if (values.length > 0) list.chosen[name] = [...new Set(values)];
  }
  return list;
}

function splits(name: FilterName): boolean {
  const filter: Editor = filters[name];
  return filter.by === "words" || filter.by === "model" || filter.by === "configuration" || (filter.by === "text" && filter.many === true);
}

// Silence is chosen as a length ("for a day"), which stays true tomorrow; links
// may also name the moment, as the API does.
function addressName(name: FilterName, raw: Record<string, unknown>): string {
  if (name !== "silent") return name;
  return raw.silent_since !== undefined ? "silent_since" : "silent_hours";
}

/** The change of the address that gives a filter these values; none takes it away. */
export function toAddress(name: FilterName, values: string[]): Record<string, string | undefined> {
  if (name !== "silent") return { [name]: values.length > 0 ? values.join(",") : undefined };
  const since = values[0] !== undefined && Number.isNaN(Number(values[0]));
  return { silent_since: since ? values[0] : undefined, silent_hours: since ? undefined : values[0] };
}

/** The change of the address that takes away everything that narrows. */
export const nothingChosen: Record<string, undefined> = Object.fromEntries(
  ["q", "silent_since", "silent_hours", ...filterNames].map((name) => [name, undefined]),
);

export function isNarrowed(list: DeviceList): boolean {
  return list.q !== undefined || Object.keys(list.chosen).length > 0;
}

/** What the API is asked. A length of silence counts from `now`, to the minute. */
export function toQuery({ q, sort, chosen }: DeviceList, now = Date.now()): DeviceQuery {
  const { silent, certificate_days, current, no_ward, place_id, owner, serial, asset_tag, ...lists } = chosen;
  const query: Record<string, unknown> = { q, sort, ...lists };
  query.place_id = place_id?.[0];
  query.owner = owner?.[0];
  query.serial = serial?.[0];
  query.asset_tag = asset_tag?.[0];
  query.silent_since = silent?.[0] && silentSince(silent[0], now);
  query.current = current?.[0];
  query.no_ward = no_ward?.[0];
  query.certificate_days = certificate_days?.[0];
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as DeviceQuery;
}

/** The moment that a filter for silence means, as the API takes it; what is neither is passed on and refused there. */
export function silentSince(value: string, now: number): string {
  const hours = Number(value);
  if (Number.isNaN(hours)) return value;
  return new Date(Math.floor((now - hours * 3_600_000) / 60_000) * 60_000).toISOString();
}
