import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { tooHeavy } from "./firstLoad";

const outDir = "../dist";

// The server is one binary without a compressing proxy in front of it: what it
// serves is compressed once, here, and not for each reader.
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    closeBundle() {
      for (const path of filesBelow(join(import.meta.dirname, outDir, "assets"))) {
        if (/\.(js|css|svg)$/.test(path)) writeFileSync(path + ".gz", gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

// Whoever makes a screen too heavy hears of it from the build, and not from the nurse
// who waits for it.
function firstLoad(): Plugin {
  return {
    name: "first-load",
    apply: "build",
    closeBundle() {
      const heavy = tooHeavy(join(import.meta.dirname, outDir));
      if (heavy.length > 0) throw new Error(heavy.join("\n"));
    },
  };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

export default defineConfig({
  plugins: [react(), precompress(), firstLoad()],
  build: {
    outDir,
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // Small files would become data: addresses inside of style sheets and scripts.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  test: { include: ["src/**/*.test.ts"] },
  server: {
    // `npm run dev` beside `make demo`: the API is the demo's.
    proxy: { "/api": process.env.WARDLINE_URL ?? "http://localhost:8080" },
  },
});
