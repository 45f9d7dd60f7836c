import { useCallback, useMemo, useRef, useState } from "react";
import type { Selection } from "../../ui/ListTable";
import type { Device } from "./useDeviceList";

type Chosen = ReadonlyMap<string, Device>;
const none: Chosen = new Map();

/**
 * The devices that are chosen from a list. It is about that list: when it narrows
 * to something else nothing is chosen any more, so that nobody acts on devices
 * that they do not see.
 */
export function useSelection(rows: Device[], about: string, label: (device: Device) => string) {
  const [{ of, chosen }, set] = useState<{ of: string; chosen: Chosen }>({ of: about, chosen: none });
  const mine = of === about ? chosen : none;
  const anchor = useRef(0);
  const change = useCallback(
    (how: (to: Map<string, Device>) => void) =>
      set((before) => {
        const to = new Map(before.of === about ? before.chosen : none);
        how(to);
        return { of: about, chosen: to };
      }),
    [about],
  );
  const put = useCallback(
    (from: number, to: number) =>
      change((chosen) => {
        for (const device of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) chosen.set(device.id, device);
      }),
    [change, rows],
  );
  const all = useMemo(() => rows.length > 0 && mine.size >= rows.length && rows.every((device) => mine.has(device.id)), [rows, mine]);
  const clear = useCallback(() => set({ of: about, chosen: none }), [about]);
  const selection: Selection<Device> = {
    any: mine.size > 0,
    all,
    has: (id) => mine.has(id),
    toggle: (device, index, range) => {
      if (range) put(anchor.current, index);
      else change((chosen) => chosen.delete(device.id) || chosen.set(device.id, device));
      anchor.current = index;
    },
    extend: (from, to) => put(from, to),
    toggleAll: () =>
      change((chosen) => {
        for (const device of rows) {
          if (all) chosen.delete(device.id);
          else chosen.set(device.id, device);
        }
      }),
    clear,
    label,
  };
  const replace = useCallback((devices: Device[]) => set({ of: about, chosen: new Map(devices.map((device) => [device.id, device])) }), [about]);
  const devices = useMemo(() => [...mine.values()], [mine]);
  return { selection, devices, replace, clear };
}
