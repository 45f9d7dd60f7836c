import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, type Schemas } from "../../api/client";
import { problemOf } from "../../api/problem";

export type Device = Schemas["DeviceView"];

/**
 * The event stream tells what people and commands did, not what each poll of
 * each device said: at 100,000 devices that would be thousands of notices a
 * second, over all replicas, for pages that nobody has open. The one device on the
 * screen is read anew instead, while the tab is in sight: a single indexed read.
 */
const every = 4_000;

/** The device of the page, as true as it can be. */
export function useDevice(id: string) {
  const query = api.useQuery(
    "get",
    "/api/v1/devices/{id}",
    { params: { path: { id } } },
    { refetchInterval: ({ state }) => (state.error && problemOf(state.error).status === 404 ? false : every) },
  );
  useFollowing(query.data);
  return query;
}

// What follows from what a device reports: its timeline, and what may be asked of it.
const following = ["/api/v1/devices/{id}/timeline", "/api/v1/devices/{id}/offers", "/api/v1/devices/{id}/configuration", "/api/v1/commands"];

/** Reads anew what follows from a report when the report says something else. */
function useFollowing(device: Device | undefined): void {
  const client = useQueryClient();
  const said = device && saidBy(device);
  const before = useRef(said);
  useEffect(() => {
    if (said === before.current) return;
    const first = before.current === undefined;
    before.current = said;
    if (!first) void client.invalidateQueries({ predicate: ({ queryKey }) => following.includes(String(queryKey[1])) });
  }, [client, said]);
}

function saidBy(d: Device): string {
  const wrong = Math.abs(d.clock_offset_seconds) >= wrongClock;
  return JSON.stringify([d.id, d.therapy?.reported, d.locked, d.lost_mode, d.location?.place?.id, d.storage_encrypted, d.passcode_set, wrong, d.software]);
}

/** The difference from which a device's clock counts as wrong, in seconds. */
export const wrongClock = 120;

/** Whether the level of management carries reports and commands. */
export function speaks(d: Device): boolean {
  return d.management === "agent" || d.management === "apple";
}

/** How a person calls this device: its tag, or else its serial number. */
export function nameOf(d: { asset_tag: string; serial: string }): string {
  return d.asset_tag || d.serial;
}
