import createFetchClient from "openapi-fetch";
import createQueryHooks from "openapi-react-query";
import i18next from "../i18n/i18n";
import { session } from "../session/session";
import { offlineCode, type Problem } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/**
 * Sends a request as the person who is signed in. When the session has ended
 * meanwhile, the request waits until they have signed in again and is then sent
 * as it was: nothing that was typed is lost. A write carries one Idempotency-Key
 * over all its attempts, so that it happens once.
 */
export async function send(request: Request): Promise<Response> {
  if (request.method !== "GET" && !request.headers.has("Idempotency-Key")) {
    request.headers.set("Idempotency-Key", crypto.randomUUID());
  }
  for (;;) {
    const token = await session.token();
    const attempt = request.clone();
    attempt.headers.set("Authorization", `Bearer ${token}`);
    attempt.headers.set("Accept-Language", i18next.language); // the server's sentences too
    const response = await fetch(attempt);
    if (response.status !== 401) return plain(response);
    session.reject(token);
  }
}

// A proxy in between answers in a language of its own; screens expect problems.
async function plain(response: Response): Promise<Response> {
  if (response.ok || response.headers.get("Content-Type")?.includes("json")) return response;
  const problem: Problem = { code: response.status >= 500 ? offlineCode : "unexpected", detail: `${response.status} ${response.statusText}` };
  return Response.json(problem, { status: response.status });
}

/** The REST API, typed by its description. For reads and writes outside of components. */
export const rest = createFetchClient<paths>({
  baseUrl: location.origin,
  fetch: send,
  // Alternatives stand in one parameter, with commas (docs/api.md).
  querySerializer: { array: { style: "form", explode: false } },
});

/** The REST API as hooks: api.useQuery("get", "/api/v1/devices", {...}), api.useMutation("post", ...). */
export const api = createQueryHooks(rest);
