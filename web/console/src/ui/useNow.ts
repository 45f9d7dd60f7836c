import { useSyncExternalStore } from "react";

// One clock for all ages on the screen: they change together, and a page with a
// thousand of them has one timer.
const step = 5_000;
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const tell of listeners) tell();
  }, step);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The present in milliseconds, good to five seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
