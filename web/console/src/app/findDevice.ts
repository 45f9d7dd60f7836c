import { rest, type Schemas } from "../api/client";

type Device = Schemas["DeviceView"];

/** No serial number and no tag is longer: what is, was scanned. */
const longestName = 64;

async function search(query: { q: string } | { serial: string } | { asset_tag: string }): Promise<Device[]> {
  const { data, error } = await rest.GET("/api/v1/devices", { params: { query: { ...query, limit: 2 } } });
  if (error) throw error;
  return data.items;
}

/**
 * The one device that a text means, when it means one: whose serial number or
 * asset tag it is, even if others contain it too; or the only one in which it is
 * found. Throws the server's problem, such as why a barcode cannot be read.
 */
export async function findDevice(q: string): Promise<Device | undefined> {
  const exact = q.length <= longestName ? [search({ serial: q }), search({ asset_tag: q })] : [];
  const [found = [], ...named] = await Promise.all([search({ q }), ...exact]);
  const ids = new Map(named.flat().map((device) => [device.id, device]));
  const only = ids.size > 0 ? [...ids.values()] : found;
  return only.length === 1 ? only[0] : undefined;
}
