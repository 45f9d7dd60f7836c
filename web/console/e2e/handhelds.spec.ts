import AxeBuilder from "@axe-core/playwright";
import type { BrowserContext, Page } from "@playwright/test";
import { expect, test, type Hospital } from "./hospital";

// Shared handhelds at shift change, through the pages alone; what happened to a
// handheld is read from its own memory. The demo's nurses belong to 4 North; the
// second one has R5-0002 (EGH-200008) since the last shift.

const free = { label: "EGH-200003", serial: "R5-0001" };
const overdue = { label: "EGH-200008", serial: "R5-0002" };
const ofAnotherWard = "R5-0003";
const badge = { nurse: "100200", second: "100201" };
test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, reducedMotion: "reduce" });

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const card = (page: Page, label: string) => page.getByRole("region", { name: /^Handhelds of 4 North/ }).getByRole("listitem").filter({ hasText: label });

/** axe finds nothing serious, in light and dark, and nothing has to be scrolled sideways. */
async function usable(page: Page, what: string) {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
    const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
    expect.soft(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`), `${what}, ${colorScheme}`).toEqual([]);
  }
  expect.soft(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), what).toBeLessThanOrEqual(1);
}

/** The screen of a charging station of 4 North, paired with a code. */
async function paired(hospital: Hospital, context: BrowserContext, code: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${hospital.selfURL}/station`);
  await page.getByLabel("Code from the console").fill(code);
  await button(page, "Use this screen").tap();
  await expect(card(page, free.label)).toBeVisible();
  return page;
}

/** IT makes the code in the console. */
async function codeOfIT(hospital: Hospital, name: string): Promise<string> {
  const it = await hospital.as("it", "/handhelds?tab=stations");
  await it.getByRole("button", { name: "Add a station" }).click();
  const dialog = it.getByRole("dialog");
  await dialog.getByRole("combobox", { name: "Ward" }).click();
  await it.getByRole("option", { name: /4 North/ }).click();
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Add a station" }).click();
  const code = await it.getByLabel("Code for its screen").inputValue();
  await it.close();
  return code;
}

/** What a scanner does: it types, wherever the focus is, and presses Enter. */
async function scan(page: Page, what: string) {
  await page.getByLabel("Scan your badge and the handheld").focus();
  await page.keyboard.type(what);
  await page.keyboard.press("Enter");
}

test("with badge and label a nurse takes a handheld in two scans, and with the label it is back", async ({ hospital, context }) => {
  const page = await paired(hospital, context, await codeOfIT(hospital, "Charging station 1"));
  await scan(page, badge.nurse);
  await scan(page, free.label); // before the first is answered
  await expect(page.getByText(`Nurse 4 North has ${free.label}`)).toBeVisible();
  await expect(card(page, free.label)).toContainText("with Nurse 4 North");
  await usable(page, "the board with what was taken");
  await scan(page, badge.second);
  await scan(page, free.label);
  await expect(page.getByText(`Second nurse 4 North has ${free.label} now, Nurse 4 North had it`)).toBeVisible();
  await scan(page, free.label);
  await expect(page.getByText(`${free.label} is back`)).toBeVisible();
  await expect(card(page, free.label)).toContainText("Free");
  for (const nothing of [ofAnotherWard, "999999"]) {
    await scan(page, nothing);
    await expect(page.getByRole("alert")).toContainText("neither a badge of somebody of this ward nor the label of one of its handhelds");
    await scan(page, badge.nurse);
    await expect(page.getByText("Nurse 4 North, now scan the handheld")).toBeVisible();
  }
});

test("on her own phone she takes one by its label, and a colleague's address answers like none", async ({ hospital, context }) => {
  const page = await context.newPage();
  await page.goto(`${hospital.selfURL}/handhelds`);
  const { username, password } = hospital.account("clinician");
  await page.getByLabel("User name").fill(username);
  await page.getByLabel(/^Password/).fill(password);
  await page.getByLabel("One-time code").fill(await hospital.otp("clinician"));
  await button(page, "Sign in").tap();
  await page.getByLabel("Number on the label").fill(ofAnotherWard);
  await button(page, "Take it").tap();
  await expect(page.getByRole("alert")).toContainText("No shared handheld of your ward has this label");
  await page.getByLabel("Number on the label").fill(free.label);
  await button(page, "Take it").tap();
  await expect(page.getByText(`${free.label} is on your name`)).toBeVisible();
  await usable(page, "her shared handhelds");

  const { items } = (await hospital.read("it", "/shared-handhelds?limit=100")) as { items: { id: string; label: string }[] };
  const colleagues = items.find((one) => one.label === overdue.label)?.id ?? "";
  const answers: string[] = [];
  for (const id of [colleagues, "01890000-0000-7000-8000-000000000000"]) {
    await page.route("**/self/handhelds/*/return", (route) => route.continue({ url: route.request().url().replace(/[0-9a-f-]{36}/, id) }));
    const answered = page.waitForResponse(/\/return$/);
    await button(page, "It is back on its charger").tap();
    expect((await answered).status()).toBe(404);
    answers.push((await page.getByRole("article", { name: free.label }).getByRole("alert").textContent()) ?? "");
    await page.unrouteAll();
  }
  expect(answers[0]).toBe(answers[1]);
  await button(page, "It is back on its charger").tap();
  await expect(page.getByText("No shared handheld is on your name.")).toBeVisible();
});

test("what stays away is locked after the grace that IT set, and free again when it is back", async ({ hospital, context }) => {
  const { items } = (await hospital.read("it", "/places?limit=200")) as { items: { id: string; name: string }[] };
  const ward_id = items.find((place) => place.name.startsWith("4 North"))?.id;
  const { code } = (await hospital.read("it", "/stations", { ward_id, name: "Charging station 2" })) as { code: string };
  const page = await paired(hospital, context, code);
  await expect(card(page, overdue.label)).toContainText("Overdue");
  expect(await hospital.device(overdue.serial)).toMatchObject({ locked: false, lost_mode: false });
  const it = await hospital.as("it", "/handhelds?overdue=true");
  await expect(it.getByRole("link", { name: overdue.label }).first()).toBeVisible();
  await it.getByRole("tab", { name: "When one is overdue" }).click();
  await it.getByLabel("After it was due for (minutes)").fill("30");
  await it.getByRole("button", { name: "Save" }).click();
  await expect(it.getByText("Changed by it")).toBeVisible();
  await it.close();
  await expect.poll(async () => hospital.device(overdue.serial), { timeout: 20_000 }).toMatchObject({ locked: true, lost_mode: true });
  await expect(card(page, overdue.label)).toContainText("Locked, because it stayed away", { timeout: 30_000 });
  await scan(page, overdue.label);
  await expect(page.getByText("To bring it back, scan your badge too.")).toBeVisible();
  await scan(page, badge.nurse);
  await expect(page.getByText(`${overdue.label} is back`)).toBeVisible();
  await expect(page.getByText("Thank you, Second nurse 4 North")).toBeVisible();
  await expect.poll(async () => hospital.device(overdue.serial), { timeout: 20_000 }).toMatchObject({ locked: false, lost_mode: false });
});
