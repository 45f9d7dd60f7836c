import { useSyncExternalStore } from "react";
import type { Schemas } from "../../api/client";

export type Device = Schemas["DeviceView"];

/** What the one dialog about losses is open for. */
export interface Loss {
  device: Device;
  /** It was found again; otherwise it is reported lost. */
  found?: boolean;
}

let open: Loss | undefined;
let count = 0;
const listeners = new Set<() => void>();

function set(loss: Loss | undefined): void {
  open = loss;
  count++;
  for (const listener of listeners) listener();
}

/** Opens the dialog in which a device is reported lost, or found again: from its page, a list, a search. */
export function openLoss(loss: Loss): void {
  set(loss);
}

export function closeLoss(): void {
  set(undefined);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useOpenLoss(): { loss: Loss | undefined; opening: number } {
  const loss = useSyncExternalStore(subscribe, () => open);
  const opening = useSyncExternalStore(subscribe, () => count);
  return { loss, opening };
}

export function isLost(device: Pick<Device, "holds">): boolean {
  return device.holds.some((hold) => hold.kind === "lost");
}
