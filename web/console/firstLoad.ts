import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What an address that is opened directly may load before it shows its screen, as it goes over the network. */
const limit = 300_000;

interface Chunk {
  file: string;
  imports?: string[];
  dynamicImports?: string[];
}

type Manifest = Record<string, Chunk>;

const frame = "index.html";
const signIn = "src/session/SignInPage.tsx";

/** Everything that is loaded with these parts, without what they load when it is wanted. */
function closure(manifest: Manifest, parts: string[]): Set<string> {
  const found = new Set<string>();
  const walk = (key: string) => {
    const chunk = manifest[key];
    if (!chunk) throw new Error(`the build has no part ${key}: firstLoad.ts measures it`);
    if (found.has(chunk.file)) return;
    found.add(chunk.file);
    chunk.imports?.forEach(walk);
  };
  parts.forEach(walk);
  return found;
}

/**
 * The JavaScript that each screen loads when its address is opened by somebody who
 * is not signed in: the frame, the sign-in, and the screen; in bytes, compressed.
 */
export function firstLoads(dist: string): Map<string, number> {
  const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8")) as Manifest;
  const screens = (manifest[frame]?.dynamicImports ?? []).filter((part) => part.endsWith("Page.tsx"));
  return new Map(
    screens.map((screen) => {
      const files = [...closure(manifest, [frame, signIn, screen])].filter((file) => file.endsWith(".js"));
      return [screen, files.reduce((sum, file) => sum + statSync(join(dist, `${file}.gz`)).size, 0)];
    }),
  );
}

/** A sentence for each screen that is over the limit. */
export function tooHeavy(dist: string): string[] {
  const loads = firstLoads(dist);
  if (loads.size < 10) throw new Error("firstLoad.ts finds no screens in the build");
  return [...loads]
    .filter(([, size]) => size > limit)
    .map(([screen, size]) => `${screen}: the first load is ${Math.ceil(size / 1000)} kB of JavaScript, over ${limit / 1000} kB: load what is not seen at once with later() of src/ui/later.tsx`);
}
