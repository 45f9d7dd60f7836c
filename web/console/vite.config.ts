import { join } from "node:path";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { tooHeavy } from "./firstLoad";
import { precompress } from "./precompress";

const outDir = "../dist";

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

export default defineConfig({
  plugins: [react(), precompress(outDir), firstLoad()],
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
