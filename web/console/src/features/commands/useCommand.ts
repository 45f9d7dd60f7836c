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

/** One command, read anew whenever the event stream says that something happened. */
export function useCommand(id: string | undefined) {
  return api.useQuery("get", "/api/v1/commands/{id}", { params: { path: { id: id ?? "" } } }, { enabled: !!id });
}
