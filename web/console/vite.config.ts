import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

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

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

export default defineConfig({
  plugins: [react(), precompress()],
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
