import { useSyncExternalStore } from "react";
import type { Schemas } from "../../api/client";

export type Device = Schemas["DeviceView"];
export type Kind = Schemas["CommandRequest"]["kind"];

/** What the one dialog for actions is open for. */
export type Action =
  | { kind: Kind; device: Device }
  | { kind: Kind; devices: Device[]; onDone?: (batch: Schemas["BatchView"]) => void }
  /** Goes on with a command that was asked before. */
  | { follow: string };

let open: Action | undefined;
let count = 0;
const listeners = new Set<() => void>();

function set(action: Action | undefined): void {
  open = action;
  count++;
  for (const listener of listeners) listener();
}

/** Opens the dialog in which an action is explained, asked for and followed to its end. */
export function openAction(action: Action): void {
  set(action);
}

export function closeAction(): void {
  set(undefined);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What the dialog is open for, and a number that is another one for each opening. */
export function useOpenAction(): { action: Action | undefined; opening: number } {
  const action = useSyncExternalStore(subscribe, () => open);
  const opening = useSyncExternalStore(subscribe, () => count);
  return { action, opening };
}
