import { expect, test } from "./hospital";

// The people of these tests are made by them.

test("an administrator makes an account, and its rights wait for a security officer, then for time and a colleague", async ({ hospital, browser }) => {
  test.setTimeout(120_000);
  const admin = await hospital.as("admin", "/people");
  await admin.getByRole("button", { name: "Add a person" }).click();
  const form = admin.getByRole("dialog", { name: "Add a person" });
  await form.getByLabel("User name").fill("nora.berg");
  await form.getByLabel(/^Name/).fill("Nora Berg");
  await form.getByRole("button", { name: "Add" }).click();
  await expect(form.getByText("Choose at least one role")).toBeVisible();
  await form.getByRole("checkbox", { name: "Biomedical engineering" }).check();
  await form.getByRole("button", { name: "Add" }).click();
  const shown = admin.getByRole("dialog", { name: "Set-up link for Nora Berg" });
  const link = await shown.getByLabel("Set-up link").inputValue();
  await expect(shown.getByText(/It works once, and until:/)).toBeVisible();
  await shown.getByRole("link", { name: "To Nora Berg" }).click();
  await expect(admin.getByRole("heading", { name: "Nora Berg", exact: true })).toBeVisible();
  await expect(admin.getByText("Waits for a security officer").first()).toBeVisible();
  // Who asked cannot agree.
  await expect(admin.getByRole("button", { name: "Agree" })).toHaveCount(0);

  // Nora chooses her password in a browser of her own.
  const own = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin" });
  const nora = await own.newPage();
  await nora.goto(link);
  await expect(nora.getByRole("heading", { name: "Choose a password" })).toBeVisible();
  const password = "seven quiet pumps on a rainy night";
  await nora.getByLabel("Password", { exact: true }).fill(password);
  await nora.getByLabel("The same password again").fill(password);
  await nora.getByRole("button", { name: "Set up" }).click();
  await expect(nora.getByText(/^Done\./)).toBeVisible();

  // The security officer agrees, with a code of their own.
  const officer = await hospital.as("security", "/people");
  await officer.getByRole("group", { name: "nora.berg" }).getByRole("button", { name: "Agree" }).click();
  const proof = officer.getByRole("dialog", { name: "Agree to the rights of nora.berg" });
  await expect(proof.getByText("Roles: Biomedical engineering")).toBeVisible();
  await proof.getByLabel("One-time code or recovery code").fill("000000");
  await proof.getByRole("button", { name: "Agree" }).click();
  await expect(proof.getByRole("alert").filter({ hasText: "code is wrong" })).toBeVisible();
  await proof.getByLabel("One-time code or recovery code").fill(await hospital.otp("security"));
  await proof.getByRole("button", { name: "Agree" }).click();
  await expect(proof).toHaveCount(0);
  await officer.getByRole("row").filter({ hasText: "nora.berg" }).getByRole("link", { name: "Nora Berg" }).click();
  const waits = officer.getByRole("alert").filter({ hasText: "Biomedical engineering is new" });
  await expect(waits).toContainText("until somebody has confirmed Nora Berg, and not before:");
  // The demo has more than two approvers: a day.
  const until = await waits.locator("time").getAttribute("datetime");
  const hours = (new Date(until ?? "").getTime() - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(23.9);
  expect(hours).toBeLessThanOrEqual(24.01);
  // Nobody is confirmed before they have a second factor of their own.
  await expect(officer.getByText(/No second factor yet/)).toBeVisible();

  await admin.reload();
  await expect(admin.getByText("Agreed to by security")).toBeVisible();

  await nora.getByRole("link", { name: "Sign in" }).click();
  await nora.getByLabel("User name").fill("nora.berg");
  await nora.getByLabel(/^Password/).fill(password);
  await nora.getByRole("button", { name: "Sign in", exact: true }).click();
  await nora.getByRole("button", { name: "Account of Nora Berg" }).click();
  await nora.getByRole("menuitem", { name: "My account" }).click();
  await expect(nora.getByText(/Biomedical engineering is new: with it nothing can be destroyed until somebody has confirmed you/)).toBeVisible();
  await own.close();
});

test("the list is searched in its address, and nobody changes their own rights", async ({ hospital }) => {
  const admin = await hospital.as("admin", "/people?role=admin");
  const rows = admin.getByRole("table", { name: "People" }).getByRole("row");
  await expect(rows).toHaveCount(2); // the head and the administrator
  await admin.getByRole("searchbox", { name: "Search" }).fill("nobody is called that");
  await expect(admin.getByText("Nobody matches", { exact: true })).toBeVisible();
  expect(new URL(admin.url()).searchParams.get("q")).toBe("nobody is called that");
  await admin.getByRole("button", { name: "Show everybody" }).click();
  await expect(rows).not.toHaveCount(2);

  // With their own roles they can do nothing.
  const me = (await hospital.read("admin", "/auth/me")) as { id: string };
  await admin.goto(`${hospital.webURL}/people/${me.id}`);
  await expect(admin.getByText("This is you.", { exact: false })).toBeVisible();
  await expect(admin.getByRole("button", { name: "Disable the account" })).toHaveCount(0);
});

test("an API token is made in one's account and shown once", async ({ hospital }) => {
  const page = await hospital.as("it", "/account");
  const tokens = page.getByRole("region", { name: "API tokens" });
  await tokens.getByRole("button", { name: "Make a token" }).click();
  const form = page.getByRole("dialog", { name: "Make an API token" });
  await form.getByLabel("What will use it").fill("Nightly inventory export");
  await form.getByRole("combobox", { name: "What it may do" }).click();
  await page.getByRole("option", { name: "Export the list of devices" }).click();
  await page.getByRole("option", { name: "See devices" }).click();
  await page.keyboard.press("Escape");
  await form.getByRole("button", { name: "Make the token" }).click();
  const shown = page.getByRole("dialog", { name: "API token “Nightly inventory export”" });
  const token = await shown.getByLabel("API token", { exact: true }).inputValue();
  const asked = (path: string) => fetch(`${hospital.webURL}/api/v1${path}`, { headers: { Authorization: `Bearer ${token}` } });
  expect((await asked("/devices?limit=1")).status).toBe(200);
  expect((await asked("/configurations")).status).toBe(403); // it was not given that
  await shown.getByRole("button", { name: "I have it" }).click();
  await expect(tokens.getByText("Nightly inventory export")).toBeVisible();
  await page.close();
});
