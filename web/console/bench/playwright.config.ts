import { defineConfig } from "@playwright/test";
import base from "../playwright.config";

// Not part of `make test`: figures come from a machine that does nothing else.
export default defineConfig(base, { testDir: ".", testMatch: "list.ts", outputDir: "../test-results/bench", use: { trace: "off" } });
