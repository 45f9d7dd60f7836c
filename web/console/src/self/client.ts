import createFetchClient from "openapi-fetch";
import createQueryHooks from "openapi-react-query";
import type { components, paths } from "../api/schema";
import i18next from "../i18n/i18n";

export type Schemas = components["schemas"];
export type OwnDevice = Schemas["OwnDeviceView"];
export type OwnLoss = Schemas["OwnLossView"];

/** The self-service operations for somebody: whose token it is, is asked at each request. */
export function clientFor(token: () => Promise<string | undefined>) {
  return createFetchClient<paths>({
    baseUrl: location.origin,
    fetch: async (request: Request) => {
      if (request.method !== "GET" && !request.headers.has("Idempotency-Key")) request.headers.set("Idempotency-Key", crypto.randomUUID());
      request.headers.set("Accept-Language", i18next.language);
      const bearer = await token();
      if (bearer) request.headers.set("Authorization", `Bearer ${bearer}`);
      const response = await fetch(request);
      if (response.ok || response.headers.get("Content-Type")?.includes("json")) return response;
      // A proxy in between answers in a language of its own; screens expect problems.
      const code = response.status >= 500 ? "offline" : "unexpected";
      return Response.json({ code, detail: `${response.status} ${response.statusText}` }, { status: response.status });
    },
  });
}

export type Client = ReturnType<typeof clientFor>;

/** For what needs no sign-in. */
export const anyone = clientFor(() => Promise.resolve(undefined));
export const open = createQueryHooks(anyone);
