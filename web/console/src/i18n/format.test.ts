import { beforeAll, describe, expect, test, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => "en", setItem: () => undefined });
vi.stubGlobal("navigator", { languages: ["en-US"] });
vi.stubGlobal("document", { documentElement: { lang: "" } });

describe("ages as people say them", () => {
  let relative: (seconds: number) => string;
  beforeAll(async () => {
    ({ relative } = await import("./format"));
  });

  test.each([
    [-3, "3 sec. ago"],
    [-119, "119 sec. ago"],
    [-150, "2 min. ago"],
    [-5_400, "90 min. ago"],
    [-90_000, "25 hr. ago"],
    [-3 * 86_400, "3 days ago"],
    [2 * 3_600, "in 2 hr."],
  ])("%d seconds is %s", (seconds, words) => {
    expect(relative(seconds)).toBe(words);
  });
});
