import { expect, test } from "./hospital";

// A phone is reported lost, found, and stolen: asked on the page, judged by what
// the simulated phone itself says.

test("the helpdesk reports a handheld lost, which locks it at once, and finds it again", async ({ hospital }) => {
  const serial = "R5-0009";
  const page = await hospital.as("helpdesk");
  await page.getByLabel("Search or scan").fill(serial);
  await page.getByLabel("Search or scan").press("Enter");
  await page.getByRole("button", { name: "Report lost" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Report lost and lock" }).click();
  await expect(dialog.getByText("Say what happened, in at least three characters.")).toBeVisible();
  await dialog.getByText("Left in a taxi or bus").click();
  await dialog.getByLabel("Text for whoever finds it").fill("Please call the ward");
  await dialog.getByLabel("Telephone number to call").fill("+31 20 555 0123");
  await dialog.getByRole("button", { name: "Report lost and lock" }).click();
  await expect(dialog.getByRole("listitem")).toHaveCount(4);
  await expect.poll(async () => (await hospital.device(serial)).lost_mode).toBe(true);
  expect((await hospital.device(serial)).locked).toBe(true);
  await expect(dialog.getByRole("listitem").filter({ hasText: "Lost mode on" }).getByText("Done", { exact: true })).toBeVisible({ timeout: 20_000 });
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(page.getByRole("group", { name: "What is true now" }).getByText("Lost", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Found again" }).click();
  await expect(dialog).toContainText("Left in a taxi or bus");
  await dialog.getByLabel("Reason").fill("The driver brought it to the desk");
  await dialog.getByRole("button", { name: "It was found" }).click();
  await expect.poll(async () => (await hospital.device(serial)).lost_mode, { timeout: 20_000 }).toBe(false);
  await expect.poll(async () => (await hospital.device(serial)).locked, { timeout: 20_000 }).toBe(false);
  await expect(page.getByRole("button", { name: "Report lost" })).toBeVisible();
  await page.close();
});

test("a stolen handheld is cut off by the report of somebody who may, with a code; revoking it says what that means", async ({ hospital }) => {
  const serial = "R5-0010";
  const page = await hospital.as("security", `/devices?q=${serial}`);
  await page.getByRole("checkbox", { name: /R5-0010|Select/ }).last().check();
  await page.getByRole("region", { name: "Selected devices" }).getByRole("button", { name: "Report lost" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: "Stolen" }).check();
  await expect(dialog).toContainText("it may know only our Wi-Fi");
  await dialog.getByText("Taken from a room").click();
  await dialog.getByLabel("One-time code").fill(await hospital.otp("security"));
  await dialog.getByRole("button", { name: "Report lost and lock" }).click();
  await expect(dialog.getByRole("listitem").filter({ hasText: "Cut from the network" }).getByText("Done", { exact: true })).toBeVisible();
  await dialog.getByRole("link", { name: "To the device" }).click();
  await expect(page.getByRole("group", { name: "What is true now" }).getByText(/network/)).toBeVisible();

  const kept = page.waitForEvent("download");
  await page.getByRole("button", { name: "Loss report" }).click();
  await page.getByRole("menuitem", { name: "PDF" }).click();
  expect((await kept).suggestedFilename()).toBe(`loss-report-${serial}.pdf`);

  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Revoke for good" }).click();
  await dialog.getByRole("textbox", { name: "Reason" }).fill("Its key was seen elsewhere");
  await dialog.getByRole("button", { name: `Revoke ${serial} for good` }).click();
  await expect(dialog).toContainText("Confirm that you know.");
  await page.close();
});
