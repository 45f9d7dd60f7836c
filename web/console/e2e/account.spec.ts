import { expect, test } from "./hospital";

test("somebody adds a passkey in the browser, and signs in with it alone", async ({ hospital, browser }) => {
  test.setTimeout(180_000);
  const role = "pharmacist"; // no other test signs this person in
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
