import type { Page } from "@playwright/test";
import { expect, test, type Hospital } from "./hospital";

/** Opens a device as people do: by its serial number in the search box. */
async function openDevice(hospital: Hospital, serial: string, role = "it"): Promise<Page> {
  const page = await hospital.as(role);
  await page.getByLabel("Search or scan").fill(serial);
  await page.getByLabel("Search or scan").press("Enter");
  await expect(page.getByText(serial, { exact: true }).first()).toBeVisible();
  return page;
}

const card = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

test("a pump that starts infusing is said to infuse within seconds, with the age of its report", async ({ hospital }) => {
  await hospital.change("SY2-0002", { therapy: "paused" });
  const page = await openDevice(hospital, "SY2-0002");
  const therapy = card(page, "Therapy");
  await expect(therapy.getByText("Paused", { exact: true })).toBeVisible();
  await hospital.change("SY2-0002", { therapy: "infusing" });
  await expect(therapy.getByText("The pump is delivering.")).toBeVisible();
  await expect(therapy.getByText(/infusing, (now|\d+ sec\.? ago)/)).toBeVisible();
  await expect(page.getByRole("group", { name: "What is true now" }).getByText("Infusing")).toBeVisible();
  await expect(card(page, "Timeline").getByText("Reports that it is infusing").first()).toBeVisible();
  await page.close();
});

test("a handheld that was carried to another ward is shown there after it was located", async ({ hospital }) => {
  const there = await hospital.device("R5-0004"); // intensive care
  const page = await openDevice(hospital, "R5-0008");
  const where = card(page, "Where");
  await expect(where.getByRole("link", { name: "Emergency department" }).first()).toBeVisible();
  await expect(where.getByText("It is not where it belongs.")).toBeHidden();
  await hospital.change("R5-0008", { bssid: there.bssid });
  await page.getByRole("button", { name: "Locate", exact: true }).click();
  await expect(where.getByRole("link", { name: "Intensive care" })).toBeVisible();
  await expect(where.getByText("It is not where it belongs.")).toBeVisible();
  await page.close();
});

test("two people edit one device at once and nothing that was typed is lost", async ({ hospital }) => {
  const [mine, theirs] = [await openDevice(hospital, "R5-0009"), await openDevice(hospital, "R5-0009")];
  for (const page of [mine, theirs]) {
    await page.getByRole("button", { name: "Record" }).click();
    await page.getByRole("menuitem", { name: "Edit…" }).click();
  }
  await mine.getByLabel("Holder").fill("Night shift, 4 South");
  await mine.getByLabel("Asset tag").fill("EGH-NIGHT");
  await theirs.getByLabel("Holder").fill("Day shift, 4 South");
  await theirs.getByRole("button", { name: "Save" }).click();
  await expect(theirs.getByText("was changed.")).toBeVisible();

  const dialog = mine.getByRole("dialog");
  await expect(dialog.getByRole("alert")).toContainText("Holder: 4 South, shared → Day shift, 4 South");
  await expect(dialog.getByLabel("Holder")).toHaveValue("Night shift, 4 South");
  await expect(dialog.getByLabel("Asset tag")).toHaveValue("EGH-NIGHT");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByText("Say for each field below which is to stay.")).toBeVisible();
  await dialog.getByRole("button", { name: "Keep mine" }).click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expect(theirs.getByRole("heading", { level: 1 })).toHaveText("Shared handheld EGH-NIGHT");
  await expect(card(theirs, "Who").getByText("Night shift, 4 South")).toBeVisible();
  await mine.close();
  await theirs.close();
});

test("where a person is, is shown only for a reason, and the look stands in the timeline", async ({ hospital }) => {
  const page = await openDevice(hospital, "P7-0003");
  const where = card(page, "Where");
  await expect(where.getByText("Where this device is, is where a person is.")).toBeVisible();
  await expect(where.getByText("Access point")).toBeHidden();
  await where.getByRole("button", { name: "Show location" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("shown to Charge nurse 4 South");
  await dialog.getByLabel("Reason").fill("Nobody answers, ticket 4711");
  await dialog.getByRole("button", { name: "Show location" }).click();
  await expect(where.getByText("You looked at it")).toBeVisible();
  await expect(where.getByRole("link", { name: "4 South, Medicine" })).toHaveCount(2); // where it belongs, and where it was heard
  const look = card(page, "Timeline").getByRole("listitem").filter({ hasText: "location was looked up" }).last();
  await expect(look).toContainText("Nobody answers, ticket 4711");
  await page.close();
});

test("of a device that is only a record, the page says what Wardline cannot know", async ({ hospital }) => {
  const page = await openDevice(hospital, "LV0-0002");
  await expect(page.getByText("it cannot see, lock or wipe the device")).toBeVisible();
  const therapy = card(page, "Therapy");
  await expect(therapy.getByText("Treated as infusing.", { exact: true })).toBeVisible();
  await expect(therapy.getByText("No command can reach it.")).toBeVisible();
  await expect(card(page, "Where").getByText("It does not report where it is.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Wipe" })).toHaveCount(0);
  await page.close();
});

test("a hold needs a reason, and is seen as soon as it is set and lifted", async ({ hospital }) => {
  const page = await openDevice(hospital, "R5-0011", "security");
  const now = page.getByRole("group", { name: "What is true now" });
  await page.getByRole("button", { name: "Record" }).click();
  await page.getByRole("menuitem", { name: "Put under a hold…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: "Quarantined" }).check();
  await dialog.getByRole("button", { name: "Put under hold" }).click();
  await expect(dialog.getByText("Say why, in at least three characters.")).toBeVisible();
  await dialog.getByLabel("Reason").fill("Found open in the corridor");
  await dialog.getByRole("button", { name: "Put under hold" }).click();
  await expect(now.getByText("Quarantined")).toBeVisible();
  await page.getByRole("button", { name: "Record" }).click();
  await page.getByRole("menuitem", { name: "Lift “Quarantined”…" }).click();
  await expect(dialog).toContainText("Found open in the corridor");
  await dialog.getByLabel("Reason").fill("Nothing was missing");
  await dialog.getByRole("button", { name: "Lift" }).click();
  await expect(now.getByText("Quarantined")).toHaveCount(0);
  await page.close();
});
