import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

type Raw = Record<string, unknown>;

/**
 * Keeps what a screen shows (filters, sorting, tab) in its address: it survives
 * a reload, can be sent to a colleague, and "back" goes back to it. `read` makes
 * sense of what stands there, whoever wrote it; `set` changes some of it, and
 * undefined takes it away.
 */
export function useAddress<State>(read: (raw: Raw) => State): [State, (change: Raw, how?: { replace?: boolean }) => void] {
  const raw = useSearch({ strict: false }) as Raw;
  const navigate = useNavigate();
  const set = useCallback(
    (change: Raw, how?: { replace?: boolean }) => {
      void navigate({ to: ".", search: ((before: Raw) => ({ ...before, ...change })) as never, replace: how?.replace ?? false });
    },
    [navigate],
  );
  return [read(raw), set];
}

/** Reads one text of the address; undefined when it is not there or no text. */
export function text(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** Reads a list of texts, whether it was written once or several times. */
export function texts(raw: Raw, name: string): string[] {
  const value = raw[name];
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
}
