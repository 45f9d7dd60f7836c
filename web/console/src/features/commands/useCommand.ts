import { api, type Schemas } from "../../api/client";

export type Command = Schemas["CommandView"];

const ended = new Set(["succeeded", "failed", "refused", "denied", "expired", "cancelled", "superseded"]);

/** Nothing more is going to happen by itself. */
export function hasEnded(command: Pick<Command, "state">): boolean {
  return ended.has(command.state);
}

/** No device has it yet: it can be taken back. */
export function isUndelivered(command: Pick<Command, "state">): boolean {
  return command.state === "awaiting_approval" || command.state === "queued" || command.state === "held";
}

/** What a command waits for changes by what its device reports, which the event stream does not tell. */
const every = 3_000;

/** A wipe that was begun, or of which the device says it is done, may still turn out otherwise. */
function isSettled(command: Command): boolean {
  return hasEnded(command) && command.outcome !== "erase_started";
}

/** One command, read anew whenever something happened, and by itself until it has ended. */
export function useCommand(id: string | undefined) {
  return api.useQuery(
    "get",
    "/api/v1/commands/{id}",
    { params: { path: { id: id ?? "" } } },
    { enabled: !!id, refetchInterval: ({ state }) => (state.data && isSettled(state.data) ? false : every) },
  );
}

/** When the device of a command was last heard of: it stands in the words of a wipe's end. */
export function useLastSeen(command: Command | undefined): string | null | undefined {
  const id = command?.device_id ?? "";
  const wipe = command?.kind === "wipe";
  const device = api.useQuery("get", "/api/v1/devices/{id}", { params: { path: { id } } }, { enabled: id !== "" && wipe, refetchInterval: every });
  return device.data?.last_seen_at;
}
