import { useSyncExternalStore } from "react";
import { session, type Me, type Permission, type SessionState } from "./session";

export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, session.snapshot);
}

/** The person who is signed in. Only below the frame, where there always is one. */
export function useMe(): Me {
  const { me } = useSession();
  if (!me) throw new Error("nobody is signed in");
  return me;
}

/** Whether I may do this somewhere. Scope still narrows it; the server decides. */
export function useMay(): (permission: Permission) => boolean {
  const me = useMe();
  return (permission) => me.permissions.includes(permission);
}
