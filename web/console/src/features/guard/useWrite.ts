import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { notifyDone } from "../../ui/notify";

/** One write of a dialog: whether it is under way, what was wrong, and what it says when it was done. */
export function useWrite(onDone: () => void) {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const write = async (send: () => Promise<{ error?: unknown }>, done: string) => {
    setBusy(true);
    setError(undefined);
    try {
      const { error: refused } = await send();
      if (refused) throw refused;
      notifyDone(done);
      onDone();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
      void client.invalidateQueries();
    }
  };
  return { error, busy, write };
}
