import { useSyncExternalStore } from "react";
import type { Schemas } from "../../api/client";

export type Issued = Schemas["IssuedView"];

// The server shows a code once and keeps only its hash. What was made in this tab
// stays here, so that it can be printed after a look at another screen; it is gone
// with the tab, and with the person who signs out.
let made: readonly Issued[] = [];
const listeners = new Set<() => void>();

export function keepIssued(invitation: Issued): void {
  if (!invitation.code) return; // a repeated request: the first answer had the code
  made = [...made, invitation];
  for (const tell of listeners) tell();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The invitations that this tab knows the codes of, oldest first. */
export function useIssued(): readonly Issued[] {
  return useSyncExternalStore(subscribe, () => made);
}

/** The code of one invitation, or of the newest of a delivery, when it was made in this tab. */
export function issuedOf(list: readonly Issued[], of: { id?: string; delivery?: string }): Issued | undefined {
  return list.findLast((i) => (of.id ? i.id === of.id : i.delivery_id === of.delivery));
}
