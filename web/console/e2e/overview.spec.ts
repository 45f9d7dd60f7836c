import type { Page } from "@playwright/test";
import { expect, test, type Hospital } from "./hospital";

/** Every number of the screen that leads somewhere: what it says, and to where. */
async function numbers(page: Page): Promise<{ name: string; count: number; href: string }[]> {
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await expect(page.locator("a[data-counted]").first()).toBeVisible();
  return page.locator("a[data-counted]").evaluateAll((links) =>
    links.map((a) => ({
      name: a.getAttribute("aria-label") ?? "",
      count: Number(a.textContent?.replaceAll(/\D/g, "")),
      href: a.getAttribute("href") ?? "",
    })),
  );
}

/** How many the list has that a number leads to, read over REST: the address of a list speaks the names of the API. */
async function listLength(hospital: Hospital, role: string, href: string): Promise<number> {
  const url = new URL(href, "http://console");
  const query = new URLSearchParams();
  for (const [name, value] of url.searchParams) query.set(name, value.replaceAll(/^"|"$/g, ""));
  if (url.pathname === "/inbox") query.set("inbox", "true");
  const list = url.pathname === "/inbox" ? "/commands" : url.pathname === "/enrollment" ? "/enrollment-requests" : url.pathname;
  query.delete("tab");
  query.set("limit", "1");
  const page = (await hospital.read(role, `${list}?${query}`)) as { total: number };
  return page.total;
}

test("each number of the overview is the length of the list it leads to", async ({ hospital }) => {
  const page = await hospital.as("it", "/");
  // Devices go on reporting while the test counts: all numbers of one moment agree with the lists soon.
  await expect(async () => {
    await page.reload();
    const all = await numbers(page);
    expect(all.length).toBeGreaterThan(30);
    expect(all.filter((n) => n.count > 0).length).toBeGreaterThan(20);
    const wrong: string[] = [];
    for (const n of all) {
      const length = await listLength(hospital, "it", n.href);
      if (length !== n.count) wrong.push(`${n.name}: ${n.href} has ${length}`);
    }
    expect(wrong).toEqual([]);
  }).toPass({ timeout: 60_000 });
  await page.close();
});

test("a pump that begins to infuse, with a wrong clock, is counted without anybody touching the page", async ({ hospital }) => {
  const page = await hospital.as("it", "/");
  const infusing = page.getByRole("region", { name: "Pumps", exact: true }).getByRole("link", { name: /^Infusing: / });
  await expect(infusing).toBeVisible();
  const before = Number(await infusing.textContent());
  const free = (await hospital.read("it", "/devices?class=pump_lvp,pump_syringe,pump_pca&management=agent&therapy=idle,standby&limit=1")) as { items: { serial: string }[] };
  const serial = free.items[0]?.serial ?? "";
  await hospital.change(serial, { clock_offset_seconds: 3600, therapy: "infusing" });
  await expect(infusing).toHaveText(String(before + 1), { timeout: 45_000 });
  await infusing.click();
  await expect(page).toHaveURL(/\/devices\?.*therapy=infusing/);
  await expect(page.getByRole("status").filter({ hasText: `${before + 1} of ${before + 1}` })).toBeVisible();

  await page.goBack();
  await page.getByRole("region", { name: "Needs a person now" }).getByRole("link", { name: "Devices with a wrong clock: 1" }).click();
  await expect(page.getByRole("status").filter({ hasText: "1 of 1" })).toBeVisible();
  await expect(page.getByRole("table").getByText(serial, { exact: true })).toBeVisible();
  await page.close();
});

test("check-ins are read as a table as well, and for a week", async ({ hospital }) => {
  const page = await hospital.as("it", "/");
  const card = page.getByRole("region", { name: "Devices heard of, by the hour" }).first();
  await expect(card.getByRole("img")).toHaveAccessibleName(/in each of the last 24 hours/);
  await card.getByText("7 days").click();
  await expect(page).toHaveURL(/hours=168/);
  await card.getByText("Table", { exact: true }).click();
  await expect(card.getByRole("row")).toHaveCount(169);
  await page.close();
});

test("somebody who sees single devices is told so, and nothing else breaks", async ({ hospital }) => {
  const page = await hospital.as("clinician", "/");
  await expect(page.getByRole("alert")).toContainText("single devices");
  await page.close();
});
