import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import { rest, type Schemas } from "../../api/client";
import type { DeviceQuery } from "./filters";

export type Device = Schemas["DeviceView"];
type Page = Schemas["PageDeviceView"];

const pageSize = 100;
/** No more rows than this are kept: to find something among more, one narrows. */
export const mostRows = 10_000;

/** A page and the cursor it was read with. */
interface Read {
  from: string;
  page: Page;
}

interface Sight {
  first: number;
  last: number;
}

async function readPage(query: DeviceQuery, cursor: string, limit: number, signal?: AbortSignal): Promise<Page> {
  const { data, error } = await rest.GET("/api/v1/devices", { params: { query: { ...query, limit, cursor: cursor || undefined } }, signal });
  if (error) throw error;
  return data;
}

/**
 * The devices that match, page by page. What is read again when something
 * happened are the pages in sight and the total, and not the thousands of rows
 * above them.
 */
export function useDeviceList(query: DeviceQuery) {
  const client = useQueryClient();
  const key = useMemo(() => ["get", "/api/v1/devices", "pages", query], [query]);
  const sight = useRef<Sight>({ first: 0, last: 0 });
  const list = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const before = client.getQueryData<Read[]>(key);
      if (!before?.length) return [{ from: "", page: await readPage(query, "", pageSize, signal) }];
      const fresh = await readInSight(query, before, sight.current, signal);
      // Pages that were added meanwhile are kept.
      return patch(client.getQueryData<Read[]>(key) ?? before, fresh);
    },
    placeholderData: keepPreviousData,
    // Being heard of makes no notice: ages are brought up to date by reading.
    refetchInterval: 30_000,
  });

  const [adding, setAdding] = useState(false);
  const [addError, setAddError] = useState<unknown>();
  const busy = useRef(false);
  const pages = list.data;
  const next = pages?.at(-1)?.page.next_cursor;
  const rows = useMemo(() => pages?.flatMap(({ page }) => page.items) ?? [], [pages]);
  const full = rows.length >= mostRows;
  const stale = list.isPlaceholderData;
  const more = useCallback(async () => {
    if (busy.current || !next || stale || full) return;
    busy.current = true;
    setAdding(true);
    setAddError(undefined);
    try {
      const page = await readPage(query, next, pageSize);
      client.setQueryData<Read[]>(key, (now) => (now?.at(-1)?.page.next_cursor === next ? [...now, { from: next, page }] : now));
    } catch (error) {
      setAddError(error);
    } finally {
      busy.current = false;
      setAdding(false);
    }
  }, [client, key, query, next, stale, full]);
  const onSight = useCallback((first: number, last: number) => {
    sight.current = { first, last };
  }, []);

  return { list, rows, total: pages?.[0]?.page.total ?? 0, more, adding, addError, full, stale, onSight, hasMore: next !== "" && next !== undefined };
}

/** Reads the pages in sight anew, and the total, which the first page tells. */
async function readInSight(query: DeviceQuery, before: Read[], { first, last }: Sight, signal: AbortSignal): Promise<Map<number, Read>> {
  const fresh = new Map<number, Read>();
  const from = pageOf(before, first);
  const to = pageOf(before, last);
  const top = before[0];
  if (from > 0 && top) {
    const { total } = await readPage(query, "", 1, signal);
    fresh.set(0, { ...top, page: { ...top.page, total } });
  }
  let cursor = before[from]?.from ?? "";
  for (let i = from; i <= to; i++) {
    const page = await readPage(query, cursor, pageSize, signal);
    fresh.set(i, { from: cursor, page });
    cursor = page.next_cursor;
    if (!cursor) break;
  }
  return fresh;
}

function pageOf(pages: Read[], row: number): number {
  let rows = 0;
  const at = pages.findIndex(({ page }) => (rows += page.items.length) > row);
  return at < 0 ? pages.length - 1 : at;
}

/** Puts pages in the place of old ones. Where one no longer ends where the next began, what follows is dropped, to be read again. */
function patch(pages: Read[], fresh: Map<number, Read>): Read[] {
  const out: Read[] = [];
  for (const [i, old] of pages.entries()) {
    const now = fresh.get(i) ?? old;
    const before = out.at(-1);
    if (before && before.page.next_cursor !== now.from) break;
    out.push(now);
  }
  return out;
}

/** Reads all that match, up to a limit; `progress` hears how many there are so far. */
export async function readAll(query: DeviceQuery, most: number, progress: (devices: number) => void, signal: AbortSignal): Promise<Device[]> {
  const all: Device[] = [];
  for (let cursor = ""; all.length < most; ) {
    const page = await readPage(query, cursor, Math.min(200, most - all.length), signal);
    all.push(...page.items);
    progress(all.length);
    if (!page.next_cursor) break;
    cursor = page.next_cursor;
  }
  return all;
}
