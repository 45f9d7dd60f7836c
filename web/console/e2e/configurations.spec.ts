import type { Page } from "@playwright/test";
import { expect, test, type Hospital } from "./hospital";

async function handhelds(hospital: Hospital) {
  return (await hospital.devices()).filter((device) => device.class === "handheld_shared");
}

/** On how many of the handhelds the newest command for configuration is younger than `since`. */
async function configuredSince(hospital: Hospital, since: number): Promise<number> {
  return (await handhelds(hospital)).filter((device) => device.executed.some((one) => one.kind === "config" && Date.parse(one.at) >= since)).length;
}

async function newLockScreen(page: Page, name: string, text: string) {
  await page.getByRole("link", { name: "New document" }).click();
  await page.getByLabel("Name", { exact: false }).first().fill(name);
  await page.getByRole("textbox", { name: "Text" }).fill(text);
  await page.getByRole("button", { name: "Save the document" }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
}

/** Opens the form for an assignment and chooses one thing in it. */
async function beginAssigning(page: Page, field: string, value: string) {
  await page.getByRole("tab", { name: "For whom" }).click();
  await page.getByRole("button", { name: "Assign", exact: true }).click();
  const dialog = page.getByRole("dialog");
  if (field === "Tag") {
    await dialog.getByRole("textbox", { name: "Tag" }).fill(value);
  } else {
    await dialog.getByRole("combobox", { name: field }).click();
    await page.getByRole("option", { name: value, exact: true }).click();
  }
  await dialog.getByRole("button", { name: "See what would change" }).click();
  return dialog;
}

const name = "Lock screen of the shared handhelds";

test("a lock-screen text reaches as many devices as the preview said", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/configurations");
  const all = (await handhelds(hospital)).length;
  await newLockScreen(page, name, "Please return me to the front desk");
  const dialog = await beginAssigning(page, "Class", "Shared handheld");
  const preview = dialog.getByRole("region", { name: "What would change" });
  await expect(preview.getByRole("heading")).toHaveText(`${all} devices change`);
  expect(await configuredSince(hospital, 0)).toBe(0);
  const before = Date.now();
  await dialog.getByRole("button", { name: "Assign", exact: true }).click();
  await expect.poll(() => configuredSince(hospital, before - 1000), { timeout: 30_000 }).toBe(all);
  await page.getByRole("link", { name: `In force on ${all} devices` }).click({ timeout: 30_000 });
  await expect(page.getByRole("grid").or(page.getByRole("table"))).toHaveAttribute("aria-rowcount", String(all + 1));
  await page.goBack();

  // A new version: looked at first, then published, then on the devices.
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("textbox", { name: "Text" }).fill("Please return me to the information desk");
  await page.getByRole("textbox", { name: "Why" }).fill("The front desk has moved");
  await expect(page.getByRole("button", { name: /^Publish/ })).toHaveCount(0);
  await page.getByRole("button", { name: "See what would change" }).click();
  await expect(page.getByRole("region", { name: "What would change" }).getByRole("heading")).toHaveText(`${all} devices change`);
  const told = new Map((await handhelds(hospital)).map((device) => [device.serial, device.config_versions.text]));
  await page.getByRole("button", { name: "Publish version 2" }).click();
  await expect
    .poll(async () => (await handhelds(hospital)).filter((device) => device.config_versions.text !== told.get(device.serial)).length, { timeout: 30_000 })
    .toBe(all);

  // Both versions can be read against each other, with who and why.
  await page.getByRole("tab", { name: "Versions" }).click();
  await expect(page.getByRole("row", { name: "Text Please return me to the front desk Please return me to the information desk" })).toBeVisible();
  await expect(page.getByText("The front desk has moved")).toBeVisible();
  await page.close();
});

test("what says nothing new, or is not right, is refused before anything is saved", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/configurations");
  await page.getByRole("link", { name }).click();
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("button", { name: "See what would change" }).click();
  await expect(page.getByRole("alert")).toContainText("says the same already");
  await page.getByRole("textbox", { name: "Telephone number" }).fill("call me");
  await page.getByRole("button", { name: "See what would change" }).click();
  await expect(page.getByText("is not a telephone number")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Publish/ })).toHaveCount(0);
  await page.close();
});

test("pumps that are not free are told to wait, and a tie is refused in words at the form", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/configurations");
  await newLockScreen(page, "Label of the pumps", "Property of Example General Hospital");
  const dialog = await beginAssigning(page, "Class", "Large-volume pump");
  const busy = (await hospital.devices()).filter((device) => device.class === "pump_lvp" && (device.therapy === "infusing" || device.therapy === "paused"));
  const waiting = await dialog.getByText(/pumps? waits?:/).textContent();
  expect(Number(/\d+/.exec(waiting ?? "")?.[0])).toBeGreaterThanOrEqual(busy.length);
  await dialog.getByRole("button", { name: "Cancel" }).click();

  const tie = await beginAssigning(page, "Class", "Shared handheld");
  await expect(tie.getByRole("alert")).toContainText(`${name} is meant for exactly these devices already.`);
  await expect(tie.getByRole("button", { name: "Assign", exact: true })).toHaveCount(0);
  await tie.getByRole("button", { name: "Cancel" }).click();

  // Nobody has assigned it: it can be put aside.
  await page.getByRole("button", { name: "Retire" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Retire" }).click();
  await expect(page.getByText("Retired", { exact: true })).toBeVisible();
  await page.close();
});

test("who takes an assignment back is told that the document stays on the devices", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/configurations");
  const all = (await handhelds(hospital)).length;
  await page.getByRole("link", { name }).click();
  await page.getByRole("tab", { name: "For whom" }).click();
  await page.getByRole("button", { name: "Take back: Shared handheld" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("A document stays on a device until another takes its place");
  await expect(dialog).toContainText(`${all} keep the document that they have`);
  const has = (await handhelds(hospital)).map((device) => device.config_versions.text);
  await dialog.getByRole("button", { name: "Take back" }).click();
  await expect(page.getByText("It is meant for no device")).toBeVisible();
  expect((await handhelds(hospital)).map((device) => device.config_versions.text)).toEqual(has);
  await page.close();
});
