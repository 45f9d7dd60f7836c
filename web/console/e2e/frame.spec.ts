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

test("a session that ends while somebody types loses nothing: they sign in over their work, and it goes on", async ({ hospital, browser }) => {
  const context = await browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  await page.goto(`${hospital.webURL}/enrollment/new?kind=pump`);
  await hospital.signIn(page, "biomed");
  await page.getByRole("combobox", { name: "Class" }).or(page.getByRole("textbox", { name: "Class" })).first().click();
  await page.getByRole("option", { name: "Large-volume pump" }).click();
  const scan = page.getByLabel("Scan or type the serial number, then Enter");
  await scan.fill("TYPED-BEFORE-1");

  // Somebody ends this session, as an administrator may from anywhere.
  const refreshed = await context.request.post(`${hospital.webURL}/api/v1/auth/refresh`);
  const { access_token } = (await refreshed.json()) as { access_token: string };
  const headers = { Authorization: `Bearer ${access_token}` };
  const sessions = (await (await context.request.get(`${hospital.webURL}/api/v1/sessions`, { headers })).json()) as { items: { id: string; present: boolean }[] };
  const mine = sessions.items.find((session) => session.present);
  expect((await context.request.delete(`${hospital.webURL}/api/v1/sessions/${mine?.id}`, { headers })).status()).toBe(204);

  await scan.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await expect(dialog).toContainText("Nothing that you typed is lost.");
  await dialog.getByLabel(/^Password/).fill(hospital.account("biomed").password);
  await dialog.getByLabel("One-time code").fill(await hospital.otp("biomed"));
  await dialog.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("region", { name: "TYPED-BEFORE-1" })).toContainText("Code not used yet");
  await context.close();
});

test("the console speaks German, with the server's sentences too", async ({ hospital, browser }) => {
  const context = await browser.newContext({ locale: "de-CH" });
  const page = await context.newPage();
  await page.goto(hospital.webURL);
  await expect(page.getByRole("button", { name: "Anmelden", exact: true })).toBeVisible();
  const account = hospital.account("helpdesk");
  await page.getByLabel("Benutzername").fill(account.username);
  await page.getByLabel(/^Passwort/).fill(account.password);
  await page.getByLabel("Einmalcode").fill(await hospital.otp("helpdesk"));
  await page.getByRole("button", { name: "Anmelden", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Übersicht" })).toBeVisible();
  await page.goto(`${hospital.webURL}/devices/there-is-none`);
  await expect(page.getByRole("alert")).toContainText("Hier ist nichts");
  await page.goto(hospital.webURL);
  await page.getByRole("link", { name: "Aufnahme" }).click();
  await expect(page.getByRole("tab")).toHaveText([/^Wartet auf Entscheidung/, "Misslungen"]);
  await page.goto(`${hospital.webURL}/setup`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Name und Passwort wählen");
  await expect(page.getByRole("alert")).toContainText("mit dem ganzen Link");
  await context.close();
});

test("everything is reached by typing: the palette opens a screen", async ({ hospital }) => {
  const page = await hospital.as("it", "/devices");
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Where to, or what to do?").fill("places");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Places" })).toBeVisible();
  await page.close();
});
