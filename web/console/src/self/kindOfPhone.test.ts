import { expect, test } from "vitest";
import { kindOfPhone } from "./kindOfPhone";

test.each([
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15", "iphone"],
  ["Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 Chrome/140.0 Mobile", "android"],
  ["Mozilla/5.0 (X11; Linux aarch64) AppleWebKit/537.36", "managed"],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "other"],
])("%s is taken for %s", (agent, kind) => {
  expect(kindOfPhone(agent)).toBe(kind);
});
