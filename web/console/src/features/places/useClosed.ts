import { useState } from "react";

/** Which places of a tree are closed; the others show what is in them. */
export function useClosed(): [ReadonlySet<string>, (id: string) => void, (ids: string[]) => void] {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string) =>
    setClosed((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  return [closed, toggle, (ids) => setClosed(new Set(ids))];
}
