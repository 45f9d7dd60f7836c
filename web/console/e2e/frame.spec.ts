import { expect, test } from "./hospital";

test("somebody signs in with a second factor and sees the devices", async ({ hospital }) => {
  const page = await hospital.as("it", "/devices");
  await expect(page.getByRole("heading", { name: "Devices" })).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "Live" })).toHaveAttribute("data-live", "on");
  await page.close();
});

test("a wrong password is refused in words that do not tell what was wrong", async ({ hospital, browser }) => {
  const page = await browser.newPage();
  await page.goto(hospital.webURL);
  await page.getByLabel("User name").fill(hospital.account("it").username);
  await page.getByLabel(/^Password/).fill("not the password of anybody");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("which one is not told");
  await page.close();
});
