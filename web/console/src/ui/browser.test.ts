import { expect, test } from "vitest";
import { browserOf } from "./browser";

test("a session is named by the browser and the system that people know", () => {
  const chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0";
  expect(browserOf(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Safari/537.36 Edg/140.0.0.0`)).toBe("Edge, Windows");
  expect(browserOf(`Mozilla/5.0 (X11; Linux x86_64) ${chrome} Safari/537.36`)).toBe("Chrome, Linux");
  expect(browserOf(`Mozilla/5.0 (Linux; Android 15) ${chrome} Mobile Safari/537.36`)).toBe("Chrome, Android");
  expect(browserOf("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0")).toBe("Firefox, macOS");
  expect(browserOf("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1")).toBe("Safari, iPhone");
  expect(browserOf("wardline/1.0 (linux)")).toBe("wardline/1.0 (linux)");
  expect(browserOf("")).toBe("");
});
