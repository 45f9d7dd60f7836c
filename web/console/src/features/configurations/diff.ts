import { kinds, listOf, type Content, type Field, type Subkind } from "./kinds";

/** How one field of two versions differs. */
export interface Difference {
  field: Field;
  before: unknown;
  after: unknown;
  /** Of lists: what came and what went. */
  added: string[];
  removed: string[];
}

/** What differs between two contents, in the order of the form. */
export function differences(subkind: Subkind, before: Content, after: Content): Difference[] {
  return kinds[subkind].flatMap((field) => {
    const [was, is] = [before[field.name], after[field.name]];
    if (field.as !== "lines" && field.as !== "certificates") return was === is ? [] : [{ field, before: was, after: is, added: [], removed: [] }];
    const [old, now] = [listOf(was), listOf(is)];
    const added = now.filter((entry) => !old.includes(entry));
    const removed = old.filter((entry) => !now.includes(entry));
    // Another order of the same entries is a difference too: devices are sent the list as it stands.
    return old.join("\0") === now.join("\0") ? [] : [{ field, before: was, after: is, added, removed }];
  });
}
