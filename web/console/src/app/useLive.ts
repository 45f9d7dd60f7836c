import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { live, type LiveState } from "./live";

/** Follows the event stream as long as the component stands, and says how it goes. */
export function useLive(): LiveState {
  const client = useQueryClient();
  useEffect(() => {
    const end = new AbortController();
    void live.run(client, end.signal);
    return () => end.abort();
  }, [client]);
  return useLiveState();
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(live.subscribe, live.snapshot);
}
