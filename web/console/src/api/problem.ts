import type { components } from "./schema";

/** What the server says when it says no (RFC 9457), or what stands for it when it did not answer. */
export type Problem = Partial<components["schemas"]["Problem"]> & { code: string; detail: string };

/** The request never reached the server, or its answer never reached us. */
export const offlineCode = "offline";

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && typeof (value as Problem).code === "string";
}

/** Makes a problem of whatever was thrown. */
export function problemOf(error: unknown): Problem {
  if (isProblem(error)) return error;
  if (error instanceof TypeError) return { code: offlineCode, detail: "" };
  return { code: "unexpected", detail: error instanceof Error ? error.message : String(error) };
}

/** The sentence about one field of a form; undefined when the server had nothing to say of it. */
export function fieldProblem(problem: Problem | undefined, ...names: string[]): string | undefined {
  return problem?.errors?.find((e) => names.includes(e.name.replace(/^body\./, "")))?.detail;
}
