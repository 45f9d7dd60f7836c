import { describe, expect, test } from "vitest";
import { text, texts } from "./useAddress";

describe("what somebody else wrote into an address", () => {
  test("a number is a text, anything else is nothing", () => {
    expect([text({ q: 123 }, "q"), text({ q: { a: 1 } }, "q"), text({}, "q")]).toEqual(["123", undefined, undefined]);
  });
  test("one value is a list of one", () => {
    expect([texts({ tag: "a" }, "tag"), texts({ tag: ["a", "b"] }, "tag"), texts({}, "tag")]).toEqual([["a"], ["a", "b"], []]);
  });
});
