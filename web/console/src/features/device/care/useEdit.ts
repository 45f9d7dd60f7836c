import { useState } from "react";
import type { Schemas } from "../../../api/client";
import type { Device } from "../useDevice";

/** What people may change of a device by hand. */
export interface Fields {
  asset_tag: string;
  owner: string;
  place_id: string;
  tags: string[];
}

export type Name = keyof Fields;
export const names = ["asset_tag", "owner", "place_id", "tags"] as const satisfies readonly Name[];

export function fieldsOf(device: Device): Fields {
  return { asset_tag: device.asset_tag, owner: device.owner, place_id: device.place?.id ?? "", tags: device.tags };
}

export function same(a: Fields[Name], b: Fields[Name]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * What somebody types over a record that others change meanwhile: a field that was
 * not touched shows what the record says now; one that was touched keeps what was
 * typed, and when somebody else changed it too, the person decides which stays.
 */
export function useEdit(device: Device) {
  const now = fieldsOf(device);
  const [opened] = useState(now);
  const [mine, setMine] = useState<Partial<Fields>>({});
  const [seen, setSeen] = useState<Partial<Fields>>({});
  const value = <N extends Name>(name: N): Fields[N] => mine[name] ?? now[name];
  const conflicts = names.filter((name) => {
    const [typed, before] = [mine[name], seen[name]];
    return typed !== undefined && before !== undefined && !same(now[name], before) && !same(now[name], typed);
  });
  return {
    now,
    opened,
    value,
    conflicts,
    /** What others changed since the dialog was opened. */
    others: names.filter((name) => !same(now[name], opened[name])),
    type: <N extends Name>(name: N, typed: Fields[N]) => {
      setMine((before) => ({ ...before, [name]: typed }));
      setSeen((before) => (name in before ? before : { ...before, [name]: now[name] }));
    },
    keepMine: (name: Name) => setSeen((before) => ({ ...before, [name]: now[name] })),
    takeTheirs: (name: Name) => {
      setMine((before) => without(before, name));
      setSeen((before) => without(before, name));
    },
    /** What is to be sent: only what was changed. */
    change: (): Schemas["DeviceChange"] => Object.fromEntries(names.filter((name) => mine[name] !== undefined && !same(value(name), now[name])).map((name) => [name, trimmed(value(name))])),
  };
}

function without(fields: Partial<Fields>, name: Name): Partial<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
}

function trimmed(value: Fields[Name]): Fields[Name] {
  return typeof value === "string" ? value.trim() : value;
}
