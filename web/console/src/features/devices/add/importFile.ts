import { rest, type Schemas } from "../../../api/client";

export type ImportResult = Schemas["ImportView"];

/** inventory.MaxCSVBytes: larger files are not sent at all. */
export const mostMegabytes = 10;

/** What can be told of a file without sending it. */
export type Unfit = "empty" | "tooLarge" | "spreadsheet" | "unreadable";

export class UnfitFile extends Error {
  constructor(readonly why: Unfit) {
    super(why);
  }
}

/**
 * Reads the file as it is now. Its bytes are sent as they are: a text that is not
 * UTF-8 must reach the server as such, to be refused and not garbled.
 */
export async function readFile(file: File): Promise<ArrayBuffer> {
  if (file.size > mostMegabytes << 20) throw new UnfitFile("tooLarge");
  let bytes: ArrayBuffer;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    throw new UnfitFile("unreadable"); // moved or changed since it was chosen
  }
  if (bytes.byteLength === 0) throw new UnfitFile("empty");
  const start = [...new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength))].join();
  // A ZIP archive (xlsx, ods) and the older format of Excel.
  if (start === "80,75,3,4" || start === "208,207,17,224") throw new UnfitFile("spreadsheet");
  return bytes;
}

/** Sends the file: as a trial that changes nothing, or in earnest. */
export async function importFile(bytes: ArrayBuffer, dryRun: boolean): Promise<ImportResult> {
  const { data, error } = await rest.POST("/api/v1/devices/import", {
    params: { query: { dry_run: dryRun } },
    body: bytes as never,
    bodySerializer: (body: unknown) => body as ArrayBuffer,
    headers: { "Content-Type": "text/csv" },
  });
  if (error) throw error;
  return data;
}
