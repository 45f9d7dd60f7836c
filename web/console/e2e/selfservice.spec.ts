import AxeBuilder from "@axe-core/playwright";
import type { BrowserContext, Locator, Page } from "@playwright/test";
import { selfScreens } from "../src/self/screens";
import { expect, test, type Hospital } from "./hospital";

// Staff on their phones, through the page alone; what happened is read from the
// devices' own memory. The nurse of the demo holds P7-0006 and belongs to 4 North.

const hers = "P7-0006";
const sharedOfHerWard = "R5-0001";
const sharedOfAnotherWard = "R5-0003";
test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, reducedMotion: "reduce" });

/** Somebody's phone: a browser that knows nothing yet. */
async function phone(hospital: Hospital, context: BrowserContext, path = ""): Promise<Page> {
  await context.clearCookies();
  const page = await context.newPage();
  await page.goto(hospital.selfURL + path);
  return page;
}

/** What somebody does with a finger, counted. */
class Finger {
  taps = 0;
  async tap(what: Locator) {
    this.taps++;
    await what.tap();
  }
}

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" });
const link = (page: Page, name: string | RegExp) => page.getByRole("link", { name, exact: typeof name === "string" });

/** axe finds nothing serious, in light and dark, and nothing has to be scrolled sideways. */
async function usable(page: Page, what: string) {
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const axe = new AxeBuilder({ page });
    // In the dark nothing but colours is another.
    const { violations } = await (colorScheme === "dark" ? axe.withRules("color-contrast") : axe.withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])).analyze();
    const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
    expect.soft(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`), `${what}, ${colorScheme}`).toEqual([]);
  }
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(wider, `${what}: pixels to scroll sideways`).toBeLessThanOrEqual(1);
}

/** Reports a loss with the password alone; the first tap is on the first page. */
async function report(hospital: Hospital, page: Page, choose: (finger: Finger) => Promise<void>): Promise<Finger> {
  const { username, password } = hospital.account("clinician");
  const finger = new Finger();
  await finger.tap(link(page, "Report lost"));
  await page.getByLabel("User name").fill(username);
  await page.getByLabel(/^Password/).fill(password);
  await finger.tap(button(page, "Next"));
  await choose(finger);
  await finger.tap(button(page, "Report lost"));
  return finger;
}

async function signIn(hospital: Hospital, page: Page) {
  const { username, password } = hospital.account("clinician");
  await page.getByLabel("User name").fill(username);
  await page.getByLabel(/^Password/).fill(password);
  await page.getByLabel("One-time code").fill(await hospital.otp("clinician"));
  await button(page, "Sign in").tap();
}

test("the nurse registers her own phone, and is told that Wardline cannot lock it", async ({ hospital, context }) => {
  const page = await phone(hospital, context);
  await usable(page, "the first page");
  await link(page, "Register this phone").tap();
  await usable(page, "the sign-in");
  await signIn(hospital, page);

  let screens = 1;
  await page.getByRole("radio", { name: "iPhone" }).tap();
  await usable(page, "which phone");
  await button(page, "Next").tap();
  screens++;
  await page.getByRole("radio", { name: "My own" }).tap();
  await usable(page, "whose phone");
  await button(page, "Next").tap();
  screens++;
  await expect(page.getByText("Wardline cannot lock or wipe this phone")).toBeVisible();
  await usable(page, "the terms");
  await button(page, "I agree").tap();
  screens++;
  expect(await page.getByRole("textbox").count()).toBeLessThanOrEqual(3);
  await page.getByLabel("IMEI").fill("490154203237519");
  await button(page, "Register").tap();
  await expect(page.getByText("This is not an IMEI")).toBeVisible();
  await page.getByLabel("IMEI").fill("490154203237518");
  await page.getByLabel("How to reach you").fill("4 North");
  await usable(page, "the details");
  await button(page, "Register").tap();
  screens++;
  await expect(page.getByText("It is registered")).toBeVisible();
  await usable(page, "the end");
  expect(screens).toBeLessThanOrEqual(5);

  await link(page, "My devices").tap();
  await expect(page.getByRole("listitem").filter({ hasText: "iPhone" })).toContainText("Wardline cannot lock or wipe this phone");
  await usable(page, "my devices");
  const { items } = (await hospital.read("it", "/devices?q=490154203237518")) as { items: { owner: string; management: string; contact: string }[] };
  expect(items).toMatchObject([{ owner: "nurse", management: "record", contact: "4 North" }]);
});

test("she loses her phone with her second factor on it, finds it, and a thief cannot say so", async ({ hospital, context, browser }) => {
  expect((await hospital.device(hers)).locked).toBe(false);
  const page = await phone(hospital, context);
  const finger = await report(hospital, page, async (finger) => {
    await usable(page, "what is gone");
    await finger.tap(page.getByRole("radio", { name: "Issued phone" }));
  });
  expect(finger.taps).toBeLessThanOrEqual(4);
  await expect.poll(async () => hospital.device(hers)).toMatchObject({ locked: true, lost_mode: true });
  await expect(page.getByText("The device itself has confirmed it.")).toBeVisible();
  await expect(page.getByText("Your sign-in here has ended.")).toBeVisible();
  await expect(link(page, /Call \+1 555 0100/).first()).toBeVisible();
  await usable(page, "what happened");

  // The thief has the phone, its code, and her password: that is one factor.
  const lostScreen = ((await hospital.device(hers)) as unknown as { message: string }).message;
  const code = /Code (\d{6})/.exec(lostScreen)?.[1] ?? "";
  const { username, password } = hospital.account("clinician");
  const at = hospital.selfURL.replace(/\/self$/, "/api/v1");
  const post = (path: string, body: unknown, token = "") =>
    fetch(at + path, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, body: JSON.stringify(body) });
  const thief = ((await (await post("/auth/lost", { username, password })).json()) as { access_token: string }).access_token;
  expect((await post("/self/found", { label: hers, code }, thief)).status).toBe(403);
  expect((await post("/self/sign-in", { username, password })).status).toBe(401);
  // A colleague's device is like one that does not exist.
  const { items } = (await hospital.read("it", "/devices?q=P7-0002")) as { items: { id: string }[] };
  const look = async (id: string | undefined) => {
    const answer = await fetch(`${at}/self/devices/${id}/loss`, { headers: { Authorization: `Bearer ${thief}` } });
    return { status: answer.status, ...((await answer.json()) as object), request_id: "" };
  };
  expect(await look(items[0]?.id)).toEqual(await look("01890000-0000-7000-8000-000000000000"));
  expect((await hospital.device(hers)).locked).toBe(true);

  const home = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, locale: "en-GB" });
  const again = await phone(hospital, home, "/found");
  await signIn(hospital, again);
  await again.getByLabel("Number on the label").fill(hers);
  await again.getByLabel("Code on its screen").fill(code);
  await usable(again, "found");
  await button(again, "I have it in my hand").tap();
  await expect(again.getByText("It is yours again")).toBeVisible();
  await expect.poll(async () => hospital.device(hers)).toMatchObject({ locked: false, lost_mode: false });
  await home.close();
});

test("a shared handheld of her ward is reported by its label, one of another ward is not", async ({ hospital, context }) => {
  const page = await phone(hospital, context);
  await report(hospital, page, async (finger) => {
    await finger.tap(page.getByRole("radio", { name: "Something else, by its label" }));
    await page.getByLabel("Number on the label").fill(sharedOfAnotherWard);
  });
  await expect(page.getByText("no shared handheld of your ward, has this label")).toBeVisible();
  await page.getByLabel("Number on the label").fill(sharedOfHerWard);
  await button(page, "Report lost").tap();
  await expect.poll(async () => (await hospital.device(sharedOfHerWard)).locked).toBe(true);
  expect((await hospital.device(sharedOfAnotherWard)).executed.map((e) => e.kind)).not.toContain("lock");
});

test("the help desk reads out a code, and a report typed in the lift is sent when the network is back", async ({ hospital, context }) => {
  const desk = await hospital.as("helpdesk", "/loss-code");
  await desk.getByLabel("User name of the caller").fill("nurse");
  await button(desk, "Make a code").click();
  const code = /[A-Z]{4}-[A-Z]{4}/.exec(await desk.getByRole("status").filter({ hasText: "Code for" }).innerText())?.[0] ?? "";
  await desk.close();

  const serial = "R5-0002";
  const page = await phone(hospital, context, "/lost");
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await context.setOffline(true);
  await page.reload(); // the shell is kept
  await page.getByLabel("User name").fill("nurse");
  await button(page, "I have no password at hand").tap();
  await page.getByLabel("Code of the help desk").fill(code);
  await page.getByLabel("Number on the label").fill(serial);
  await usable(page, "without network");
  await button(page, "Send when there is network").tap();
  await expect(page.getByText("Not sent yet: there is no network")).toBeVisible();
  expect((await hospital.device(serial)).locked).toBe(false);
  await context.setOffline(false);
  await expect.poll(async () => (await hospital.device(serial)).locked).toBe(true);
  await expect(page.getByText("Your sign-in here has ended.")).toBeVisible();
});

test("behind every label stands whom to call, and nothing else", async ({ hospital, page }) => {
  const at = (tag: string) => hospital.selfURL.replace(/\/self$/, `/found/${tag}`);
  await page.goto(at("EGH-200001"));
  await usable(page, "lost and found");
  await expect(link(page, "Call +1 555 0100")).toBeVisible();
  const real = await page.content();
  await page.goto(at("no-such-label"));
  expect(await page.content()).toBe(real);
  expect(selfScreens.map((screen) => screen.path)).toEqual(["/lost", "/handhelds", "/station", "/found", "/register", "/devices", "/devices/:id"]);
});
