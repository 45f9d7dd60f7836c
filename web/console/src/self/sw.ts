// Keeps the shell of self-service, so that it opens without network: its page and
// the files that the page names. What people ask of the server is never kept.

const scope = globalThis as unknown as ServiceWorkerGlobalScope;
const shell = "wardline-self-1";
const page = "/self";

/** The page last: a shell that is there is whole. Files of an earlier build go. */
async function keepShell(): Promise<void> {
  const cache = await caches.open(shell);
  const files = (await (await fetch("/self/shell.json", { cache: "no-store" })).json()) as string[];
  const kept = await cache.keys();
  const have = new Set(kept.map((request) => new URL(request.url).pathname));
  await cache.addAll(files.filter((file) => !have.has(file)));
  await cache.add(new Request(page, { cache: "no-store" }));
  await Promise.all(kept.filter((request) => ![page, ...files].includes(new URL(request.url).pathname)).map((request) => cache.delete(request)));
}

scope.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => scope.skipWaiting()));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(scope.clients.claim());
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || !pathname.startsWith("/self")) return;
  if (request.mode === "navigate") return event.respondWith(open(event));
  // Their names hold a hash of their content: what is kept is what they are.
  if (pathname.startsWith("/self/assets/")) event.respondWith(asset(request));
});

async function open(event: FetchEvent): Promise<Response> {
  try {
    const answer = await fetch(event.request);
    event.waitUntil(keepShell().catch(() => undefined)); // the server may be newer than what is kept
    return answer;
  } catch {
    return (await caches.match(page)) ?? Response.error();
  }
}

async function asset(request: Request): Promise<Response> {
  const kept = await caches.match(request);
  if (kept) return kept;
  return fetch(request);
}
