import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { screens, type Screen } from "../src/screens";
import { expect, test, type Hospital } from "./hospital";

// Every screen of the router's own table, in light and dark, at the width of a
// desk and of a phone. WARDLINE_SCREENSHOTS=folder keeps a picture of each.

const roles = ["it", "biomed", "security", "admin"];
const folder = process.env.WARDLINE_SCREENSHOTS;

/** Who opens a screen: the first of the roles that may. */
async function visitor(hospital: Hospital, screen: Screen): Promise<string> {
  for (const role of roles) {
    const me = (await hospital.read(role, "/auth/me")) as { permissions: string[] };
    if (me.permissions.includes(screen.permission)) return role;
  }
  throw new Error(`nobody may see ${screen.path}`);
}

/** An address of the screen: something real stands for each $parameter. */
async function address(hospital: Hospital, role: string, screen: Screen): Promise<string | undefined> {
  if (!screen.path.includes("$")) return screen.path;
  // People's words, and the API's.
  const named = screen.path.slice(0, screen.path.indexOf("/$"));
  const list = named.replace("/enrollment/deliveries", "/deliveries").replace("/people", "/accounts");
  const page = (await hospital.read(role, `${list}?limit=50`)) as { items: { id: string; kind?: string }[] };
  const item = page.items.find((i) => list !== "/places" || i.kind === "ward");
  return item && screen.path.replace(/\$\w+/, item.id);
}

async function serious(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  return violations
    .filter((v) => v.impact === "serious" || v.impact === "critical")
    .map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(" ") + " " + (n.failureSummary ?? "").split("\n").join("; ")).join(" | ")}`);
}

/** What the browser loaded of JavaScript to show this screen, as it went over the network. */
function loaded(page: Page): Promise<number> {
  return page.evaluate(() => {
    const scripts = performance.getEntriesByType("resource").filter((entry) => new URL(entry.name).pathname.endsWith(".js"));
    return scripts.reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0);
  });
}

async function settled(page: Page) {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
}

test.beforeAll("a day's work, so that each screen has something to show", async ({ hospital }) => {
  const { items } = (await hospital.read("it", "/devices?management=agent&class=handheld_shared&limit=3")) as { items: { id: string }[] };
  await hospital.read("it", "/batches", { kind: "locate", devices: items.map((device) => device.id), reason: "where are they" });
  const content = { message: "If found, please call the number below", phone_number: "", reward: "" };
  const accounts = (await hospital.read("admin", "/accounts?limit=50")) as { items: { id: string; roles: string[] }[] };
  const auditor = accounts.items.find((one) => one.roles.includes("auditor"));
  await hospital.read("security", "/freezes", { scope: "person", scope_id: auditor?.id, reason: "an alert, and a freeze" });
  await hospital.read("it", "/configurations", { subkind: "text", name: "On a lost screen", content, note: "" });
});

for (const screen of screens) {
  test(`${screen.path} can be used by everybody, in light and dark`, async ({ hospital }) => {
    const role = await visitor(hospital, screen);
    const path = await address(hospital, role, screen);
    test.skip(path === undefined, "the demo has nothing to show there");
    const page = await hospital.as(role, path);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await settled(page);
    const first = await loaded(page);
    expect.soft(first, "bytes of JavaScript before the screen is there").toBeGreaterThan(100_000);
    expect.soft(first, "bytes of JavaScript before the screen is there").toBeLessThan(300_000);
    for (const scheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width: 1360, height: 850 });
      await settled(page);
      expect.soft(await serious(page), `axe, ${scheme}`).toEqual([]);
      await picture(page, screen, `desk-${scheme}`);
      await page.setViewportSize({ width: 390, height: 844 });
      await settled(page);
      // The menu slides away when the window narrows.
      const wider = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      await expect.soft.poll(wider, { message: "pixels that a phone would have to scroll sideways", timeout: 5_000 }).toBeLessThanOrEqual(1);
      await picture(page, screen, `phone-${scheme}`);
    }
    await page.close();
  });
}

async function picture(page: Page, screen: Screen, what: string) {
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  const name = screen.path.replaceAll("/", "_").replaceAll("$", "") || "_";
  await page.screenshot({ path: join(folder, `${name}-${what}.png`), fullPage: what.startsWith("desk") });
}

test("the sign-in page can be used by everybody, in light and dark", async ({ hospital, browser }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(hospital.webURL);
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeVisible();
    expect.soft(await serious(page), `axe, ${scheme}`).toEqual([]);
  }
  await context.close();
});
