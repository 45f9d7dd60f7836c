import { expect, test } from "vitest";
import { addSerials, serialOf, serialsIn } from "./scan";

test("a scanned UDI gives its serial number, anything else is the serial number", () => {
  expect(serialOf("LVP-00017 ")).toBe("LVP-00017");
  expect(serialOf("(01)04012345678901(17)301231(10)L7(21)LVP-00017")).toBe("LVP-00017");
  expect(serialOf("]d2010401234567890111260101" + "10L7\u001d21LVP-00017")).toBe("LVP-00017");
  expect(serialOf("010401234567890121LVP-00017")).toBe("LVP-00017");
  // A lot without its end could hold the rest: nothing is guessed.
  expect(serialOf("010401234567890110L721LVP")).toBe("010401234567890110L721LVP");
});

test("serial numbers are read from lines and from the column of a CSV file", () => {
  expect(serialsIn("A-1\r\n\r\nA-2\n")).toEqual(["A-1", "A-2"]);
  expect(serialsIn('\uFEFFModel;Serial;Lot\nFlow 3;"A-1";7\nFlow 3;A-2;7')).toEqual(["A-1", "A-2"]);
  expect(serialsIn("A-1,Flow 3\nA-2,Flow 3")).toEqual(["A-1", "A-2"]);
});

test("a serial number that was scanned twice is told with the place of the first", () => {
  expect(addSerials(["A-1", "A-2"], ["a-2", "A-3", "Ä-4"])).toEqual({
    list: ["A-1", "A-2", "A-3"],
    added: ["A-3"],
    rejected: [
      { serial: "a-2", fault: "duplicate", first: 2 },
      { serial: "Ä-4", fault: "unprintable" },
    ],
  });
});
