import { send } from "../../api/client";
import { keepFile } from "../../ui/keepFile";
import type { DeviceQuery } from "./filters";

const lineFeed = 10;

/**
 * Reads the CSV file of all devices that match and hands it to the browser to
 * keep. A connection that breaks fails it: a cut file is never kept. `progress`
 * hears how many lines there are so far.
 */
export async function exportCsv(query: DeviceQuery, name: string, progress: (devices: number) => void, signal: AbortSignal): Promise<void> {
  const parameters = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  const response = await send(new Request(`${location.origin}/api/v1/devices.csv?${parameters}`, { signal }));
  if (!response.ok || !response.body) throw await response.json();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body.getReader();
  let lines = -1; // the header is none of them
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    for (const byte of value) if (byte === lineFeed) lines++;
    parts.push(value);
    progress(Math.max(lines, 0));
  }
  keepFile(new Blob(parts, { type: "text/csv" }), name);
}
