import { expect, test } from "./hospital";

test("somebody adds a passkey in the browser, and signs in with it alone", async ({ hospital, browser }) => {
  test.setTimeout(180_000);
  const role = "it"; // no other test of this file signs this person in
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin" });
  const page = await context.newPage();
  // A virtual authenticator in the real browser: resident keys, and a person who is always verified.
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await page.goto(`${hospital.webURL}/account`);
  await hospital.signIn(page, role);
  await page.goto(`${hospital.webURL}/account`);
  await expect(page.getByRole("heading", { name: "My account" })).toBeVisible();
  const factors = page.getByRole("region", { name: "Second factors" });
  await expect(factors.getByText("Good for everything").first()).toBeVisible();

  await factors.getByRole("button", { name: "Add a passkey" }).click();
  const proof = page.getByRole("dialog");
  await proof.getByLabel(/^Password/).fill(hospital.account(role).password);
  await proof.getByLabel("One-time code or recovery code").fill("000000");
  await proof.getByRole("button", { name: "Go on" }).click();
  await expect(proof.getByRole("alert")).toBeVisible(); // not without a factor that is there
  await proof.getByLabel("One-time code or recovery code").fill(await hospital.otp(role));
  await proof.getByRole("button", { name: "Go on" }).click();
  await page.getByLabel("Name of the passkey").fill("This computer");
  await page.getByRole("button", { name: "Done" }).click();
  await expect(factors.getByText("This computer")).toBeVisible();
  await expect(factors.getByText("Confirms what destroys from:")).toBeVisible();

  // It is asked where something is confirmed, without a code; for a day it is too new for that.
  const phone = "P7-0002";
  await page.getByLabel("Search or scan").fill(phone);
  await page.getByLabel("Search or scan").press("Enter");
  await page.getByRole("group", { name: "What can be asked of this device" }).getByRole("button", { name: "Wipe" }).click();
  const wipe = page.getByRole("dialog");
  await wipe.getByText("Stolen").click();
  await expect(wipe.getByText("Leave it empty to confirm with your passkey.")).toBeVisible();
  await wipe.getByRole("button", { name: `Wipe ${phone}` }).click();
  await expect(wipe.getByRole("alert")).toContainText("This factor is new");
  const device = new URL(page.url()).pathname.split("/").at(-1);

  // The same on the page that a command line points to.
  const session = await (await context.request.post(`${hospital.webURL}/api/v1/auth/refresh`)).json();
  const asked = await context.request.post(`${hospital.webURL}/api/v1/devices/${device}/commands`, {
    headers: { Authorization: `Bearer ${session.access_token}` },
    data: { kind: "wipe", reason: "left in a taxi" },
  });
  const { code, user_code } = await asked.json();
  expect(code).toBe("step_up_required");
  await page.goto(`${hospital.webURL}/step-up?code=${user_code}`);
  await page.getByRole("button", { name: "Confirm: Wipe" }).click();
  await expect(page.getByRole("alert")).toContainText("This factor is new");
  expect((await hospital.device(phone)).wiped).toBe(false);

  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expect(page.getByLabel("Search or scan")).toBeVisible();
  await context.close();
});

test("ten recovery codes are shown once", async ({ hospital }) => {
  const page = await hospital.as("supply", "/account");
  const factors = page.getByRole("region", { name: "Second factors" });
  await factors.getByRole("button", { name: "Make ten codes" }).click();
  await page.getByRole("dialog").getByLabel(/^Password/).fill(hospital.account("supply").password);
  await page.getByLabel("One-time code or recovery code").fill(await hospital.otp("supply"));
  await page.getByRole("button", { name: "Go on" }).click();
  const shown = page.getByRole("dialog", { name: "Recovery codes" });
  expect((await shown.locator("pre").innerText()).trim().split("\n")).toHaveLength(10);
  await shown.getByRole("button", { name: "Done" }).click();
  await expect(factors.getByText("10 codes are left")).toBeVisible();
  await page.close();
});
