import type { Schemas } from "../../api/client";

export type Person = Schemas["AccountView"];
export type Change = Schemas["AccountChangeView"];
export type Scope = Schemas["ScopeView"];

/** The path and the version that a change of somebody's account is based on. */
export function ifUnchanged(person: Person) {
  return { path: { id: person.id }, header: { "If-Match": `"${person.version}"` } };
}

/** Roles that nobody has confirmed, and those that only wait for their time. */
export function newRoles(person: Person, now: number) {
  const unconfirmed = person.new_roles.filter((one) => !one.confirmed_by);
  const cooling = person.new_roles.filter((one) => one.confirmed_by && one.good_from && new Date(one.good_from).getTime() > now);
  return { unconfirmed, cooling };
}

/** Nobody decided in time. */
export function isOver(change: Change, now: number): boolean {
  return change.state === "pending" && new Date(change.expires_at).getTime() <= now;
}
