import { useQuery } from "@tanstack/react-query";
import { rest, type Schemas } from "../../api/client";
import { find, treeOf, type Node, type Place } from "./tree";

export type Device = Schemas["DeviceView"];

/** What was known of a place's devices at one moment. */
export interface Snapshot {
  /** By the server's clock: a reader's own may be wrong, and the ages are the server's. */
  at: string;
  total: number;
  devices: Device[];
}

/** More is no list that somebody reads on paper. */
export const most = 2_000;
const perPage = 200;

/**
 * Reads all devices at or below a place once. It stays as it was read until it is
 * asked to be read anew: what is printed must not change while it is looked at.
 */
export function useSnapshot(placeId: string) {
  return useQuery({
    queryKey: ["ward-list", placeId],
    queryFn: ({ signal }) => read(placeId, signal),
    meta: { live: false },
    refetchInterval: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: Infinity,
    gcTime: 0,
  });
}

async function read(placeId: string, signal: AbortSignal): Promise<Snapshot> {
  const devices: Device[] = [];
  let at = "";
  for (let cursor = ""; ; ) {
    const query = { place_id: placeId, limit: perPage, sort: "asset_tag", ...(cursor && { cursor }) };
    const { data, error, response } = await rest.GET("/api/v1/devices", { params: { query }, signal });
    if (error) throw error;
    // The first answer is the oldest: the list is no younger than that.
    at ||= response.headers.get("Date") ?? new Date().toUTCString();
    devices.push(...data.items);
    cursor = data.next_cursor;
    if (!cursor || data.total > most) return { at, total: data.total, devices };
  }
}

/** One ward with its devices, or what belongs to a place above the wards. */
export interface Group {
  place: Place;
  devices: Device[];
}

/** The devices by the place that they belong to, in the order of the tree, and the wards to which none belongs. */
export function groupsOf(places: Place[], id: string, devices: Device[]): { groups: Group[]; without: Place[] } {
  const byPlace = new Map<string, Device[]>();
  for (const device of devices) {
    const at = device.place?.id ?? "";
    byPlace.set(at, [...(byPlace.get(at) ?? []), device]);
  }
  const groups: Group[] = [];
  const without: Place[] = [];
  const visit = ({ place, children }: Node) => {
    const here = byPlace.get(place.id);
    if (here) groups.push({ place, devices: here });
    else if (place.kind === "ward") without.push(place);
    children.forEach(visit);
  };
  const root = find(treeOf(places), id);
  if (root) visit(root);
  return { groups, without };
}
