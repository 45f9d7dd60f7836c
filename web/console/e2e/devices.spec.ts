import type { Page } from "@playwright/test";
import { expect, test } from "./hospital";

const separator = "\x1d";

/** The serial numbers of the list, top down. */
async function serials(page: Page): Promise<string[]> {
  const links = page.getByRole("table", { name: "Devices" }).locator("tbody tr[data-index]").getByRole("link");
  await expect(links.first()).toBeVisible();
  return links.allInnerTexts();
}

function count(page: Page): ReturnType<Page["getByText"]> {
  return page.getByRole("status").filter({ hasText: /^\d+ of \d+$/ });
}

test("filters chosen by keyboard survive a reload and go back one by one", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/devices");
  await expect(count(page)).toBeVisible();
  const everything = await count(page).innerText();

  await page.getByRole("button", { name: "Add filter" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Class" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitem", { name: "Class" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("checkbox", { name: "Large-volume pump" })).toBeFocused();
  await page.keyboard.press("Space");
  await expect(page).toHaveURL(/class=pump_lvp/);
  await page.keyboard.press("Escape");
  const chip = page.getByRole("button", { name: "Class: Large-volume pump" });
  await expect(chip).toBeFocused();

  await page.getByRole("button", { name: "Add filter" }).click();
  await page.getByRole("menuitem", { name: "Place" }).click();
  await page.getByRole("treeitem", { name: /Intensive care/ }).last().getByText("Intensive care").click();
  await expect(page.getByRole("button", { name: /^Place: .*Intensive care$/ })).toBeVisible();
  await expect(count(page)).not.toHaveText(everything);
  const narrowed = await serials(page);

  await page.reload();
  await expect(chip).toBeVisible();
  await expect.poll(() => serials(page)).toEqual(narrowed);
  await page.goBack();
  await expect(page.getByRole("button", { name: /^Place: / })).toHaveCount(0);
  await expect(chip).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(count(page)).toHaveText(everything);
  await page.close();
});

test("a filter that nothing matches says so and can be cleared there", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/devices?class=tablet&hold=recalled");
  await expect(page.getByText("No device matches")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).last().click();
  await expect(count(page)).toBeVisible();
  await page.close();
});

test("headers sort, and say how", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/devices");
  const rising = await serials(page);
  const header = page.getByRole("columnheader", { name: "Serial number" });
  await expect(header).toHaveAttribute("aria-sort", "ascending");
  await header.getByRole("button").click();
  await expect(header).toHaveAttribute("aria-sort", "descending");
  await expect.poll(async () => (await serials(page))[0]).not.toBe(rising[0]);
  const falling = await serials(page);
  expect(falling).toEqual([...falling].sort((a, b) => b.toLowerCase().localeCompare(a.toLowerCase(), "en")));
  await page.close();
});

test("a delivery with a fault is not taken in; mended, it is, and a scan of its label opens the pump", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/devices/import");
  const file = (model: string) => ({
    name: "delivery.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(
      "serial,model,management,asset_tag,udi\n" +
        "E2E-0001,Example Medical LV-1,agent,E2E-TAG-1,\n" +
        `E2E-0002,${model},agent,E2E-TAG-2,\n` +
        ",Example Medical LV-1,agent,E2E-TAG-3,(01)00844588003288(10)LOT-7(21)E2E-0003\n",
    ),
  });
  await page.getByLabel("CSV file", { exact: true }).setInputFiles(file("Example Medical LV-9"));
  await expect(page.getByRole("alert")).toContainText("1 fault; nothing was registered");
  const fault = page.getByRole("table", { name: "Faults in the file" }).getByRole("row").nth(1);
  await expect(fault.getByRole("cell").nth(0)).toHaveText("3");
  await expect(fault.getByRole("cell").nth(1)).toHaveText("model");
  await expect(fault).toContainText("LV-9");

  const other = await hospital.as("biomed", "/devices?q=e2e-000");
  await expect(other.getByText("No device matches")).toBeVisible();
  await other.close();

  await page.getByLabel("CSV file", { exact: true }).setInputFiles(file("Example Medical LV-1"));
  await expect(page.getByText("3 rows, no faults")).toBeVisible();
  await page.getByRole("button", { name: "Register 3 devices" }).click();
  await expect(page.getByText("3 devices are registered")).toBeVisible();
  await page.getByRole("link", { name: "Show them" }).click();
  await expect.poll(async () => (await serials(page)).slice(0, 3).sort()).toEqual(["E2E-0001", "E2E-0002", "E2E-0003"]);

  // A scanner: every 5 ms a key, the separator as Ctrl+], and Enter at the end.
  await page.getByLabel("Search or scan").focus();
  const [first = "", last = ""] = `]d20100844588003288 10LOT-7${separator}21E2E-0003`.replace(" ", "").split(separator);
  await page.keyboard.type(first, { delay: 5 });
  await page.keyboard.press("Control+]");
  await page.keyboard.type(last, { delay: 5 });
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/devices\/[0-9a-f-]{36}$/);
  await page.close();
});

test("a file that is no CSV in UTF-8 is refused in words, and nothing is registered", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/devices/import");
  const choose = (name: string, buffer: Buffer) => page.getByLabel("CSV file", { exact: true }).setInputFiles({ name, mimeType: "text/csv", buffer });
  await choose("empty.csv", Buffer.alloc(0));
  await expect(page.getByRole("alert")).toContainText("The file is empty.");
  await choose("book.csv", Buffer.from([0x50, 0x4b, 3, 4, 20, 0]));
  await expect(page.getByRole("alert")).toContainText("This is a spreadsheet");
  await choose("latin1.csv", Buffer.from("serial,model,management,owner\nE2E-9,Example Medical LV-1,agent,M\xfcller\n", "latin1"));
  await expect(page.getByRole("table", { name: "Faults in the file" })).toContainText("is not UTF-8");
  await page.close();
});

test("somebody finds a device without touching the mouse", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/devices");
  await expect(count(page)).toBeVisible();
  const serial = (await serials(page))[0] ?? "";
  await page.keyboard.press("/");
  const box = page.getByRole("combobox", { name: "Search or scan" });
  await expect(box).toBeFocused();
  await page.keyboard.type(serial.slice(0, 4));
  await expect(page.getByRole("option").first()).toBeVisible();
  await expect(box).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("ArrowDown");
  await expect(box).toHaveAttribute("aria-activedescendant", /.+/);
  await page.keyboard.press("Escape");
  await expect(box).not.toBeFocused();

  await page.keyboard.press("/");
  await page.keyboard.type(serial);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/devices\/[0-9a-f-]{36}$/);
  await page.close();
});

test("a barcode that cannot be read says why, where it was scanned", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/devices");
  await page.getByLabel("Search or scan").fill("(01)00844588003289(21)X");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("check digit");
  await page.close();
});

test("the exported file holds what the list shows", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/devices?class=pump_syringe,pump_pca&sort=-serial");
  const shown = await serials(page);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  const file = await (await download).createReadStream();
  let text = "";
  for await (const part of file) text += part;
  const lines = text.trim().split("\n");
  expect(lines.slice(1).map((line) => line.split(",")[1])).toEqual(shown);
  await page.close();
});

test("devices are chosen one by one, as a range, all shown, and all that match", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/devices?management=agent&stage=in_service,enrolled");
  const bar = page.getByRole("region", { name: "Selected devices" });
  const boxes = page.getByRole("checkbox", { name: /^Select / });
  await boxes.nth(1).check();
  await expect(bar).toContainText("1 device selected");
  await boxes.nth(4).click({ modifiers: ["Shift"] });
  await expect(bar).toContainText("4 devices selected");
  await page.getByRole("button", { name: /^Select all \d+ that match$/ }).click();
  const total = (await count(page).innerText()).replace(/.* of /, "");
  await expect(bar).toContainText(`${total} devices selected`);
  await expect(page.getByRole("checkbox", { name: "Select all shown" })).toBeChecked();

  // On devices other than those that are seen nobody acts by mistake.
  await page.getByRole("button", { name: "Add filter" }).click();
  await page.getByRole("menuitem", { name: "Class" }).click();
  await page.getByRole("checkbox", { name: "Large-volume pump" }).check();
  await page.keyboard.press("Escape");
  await expect(bar).toHaveCount(0);

  // From the keyboard: Space on a row, and Shift with an arrow.
  const rows = page.getByRole("table", { name: "Devices" }).locator("tbody tr[data-index]");
  await rows.first().focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Shift+ArrowDown");
  await expect(bar).toContainText("2 devices selected");
  await bar.getByRole("button", { name: /2/ }).click();
  await expect(page.getByRole("menuitem", { name: /^Locate/ })).toBeVisible();
  await page.close();
});
