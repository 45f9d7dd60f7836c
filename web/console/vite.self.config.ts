import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vite";
import { precompress } from "./precompress";

// Self-service: its own page with its own files, so that the listener that faces
// the Internet serves nothing of the console.

const outDir = "../dist/self";

/** What a phone loads before it shows the first screen, scripts and style sheets together, as it goes over the network. */
const limit = 150_000;

interface Chunk {
  file: string;
  imports?: string[];
  css?: string[];
}

function firstLoad(): Plugin {
  return {
    name: "first-load",
    apply: "build",
    closeBundle() {
      const manifest = JSON.parse(readFileSync(join(import.meta.dirname, outDir, ".vite/manifest.json"), "utf8")) as Record<string, Chunk>;
      const files = new Set<string>();
      const walk = (key: string) => {
        const chunk = manifest[key];
        if (!chunk) throw new Error(`the build has no part ${key}`);
        if (files.has(chunk.file)) return;
        files.add(chunk.file);
        for (const sheet of chunk.css ?? []) files.add(sheet);
        chunk.imports?.forEach(walk);
      };
      walk("self.html");
      const size = [...files].reduce((sum, file) => sum + statSync(join(import.meta.dirname, outDir, `${file}.gz`)).size, 0);
      if (size > limit) throw new Error(`the first load of self-service is ${Math.ceil(size / 1000)} kB, over ${limit / 1000} kB`);
    },
  };
}

/** Names the files that the service worker keeps: every screen opens without network. */
function shell(): Plugin {
  return {
    name: "shell",
    apply: "build",
    closeBundle() {
      const out = join(import.meta.dirname, outDir);
      const files = readdirSync(join(out, "assets")).filter((name) => !name.endsWith(".gz"));
      writeFileSync(join(out, "shell.json"), JSON.stringify(files.map((name) => `/self/assets/${name}`)));
    },
  };
}

export default defineConfig({
  base: "/self/",
  publicDir: "self-public",
  plugins: [react(), precompress(outDir), firstLoad(), shell()],
  build: {
    outDir,
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: {
      input: { self: "self.html", sw: "src/self/sw.ts" },
      // The service worker keeps its address: browsers know it by that.
      output: { entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
});
