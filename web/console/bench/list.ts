// npm run bench:list: how the list of devices behaves with 100,000 of them.
//
// It starts a demo hospital of its own from ../../build/wardline (make build),
// registers the devices by CSV through the REST API, and drives the console in
// Chromium: docs/performance.md, "Console", says what the figures mean.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { test, type Hospital } from "../e2e/hospital";

const devices = Number(process.env.DEVICES ?? 100_000);
const perFile = 10_000;
const rounds = 40;
const rows = 5_000;

function say(line: string): void {
  process.stdout.write(line + "\n");
}

function percentile(values: number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? NaN;
}

/** The devices that lists are measured with elsewhere too (bench/lists.go). */
function csv(from: number): string {
  const models = ["Example Medical LV-1", "Placeholder Mobile R5 handheld"];
  let text = "serial,model,management,asset_tag,owner\n";
  for (let i = from; i < Math.min(from + perFile, devices); i++) {
    text += `SN-${String((i * 7919) % devices).padStart(8, "0")},${models[i % 2]},agent,AT${String(i).padStart(8, "0")},Nurse ${i % 5000}\n`;
  }
  return text;
}

async function fill(hospital: Hospital): Promise<void> {
  const { username, password } = hospital.account("biomed");
  const json = { "Content-Type": "application/json" };
  const login = await fetch(`${hospital.webURL}/api/v1/auth/login`, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ username, password, otp: await hospital.otp("biomed") }),
  });
  const { access_token: token } = (await login.json()) as { access_token: string };
  for (let from = 0; from < devices; from += perFile) {
    const answer = await fetch(`${hospital.webURL}/api/v1/devices/import`, {
      method: "POST",
      headers: { "Content-Type": "text/csv", Authorization: `Bearer ${token}` },
      body: csv(from),
    });
    if (!answer.ok) throw new Error(`import: ${answer.status} ${await answer.text()}`);
  }
}

/** How long the browser stands still, as it tells by itself: frames and long tasks. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = { frames: [] as number[], tasks: [] as number[], go: true };
    (window as unknown as { seen: typeof seen }).seen = seen;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.tasks.push(entry.duration);
    }).observe({ entryTypes: ["longtask"] });
    let last = performance.now();
    const frame = (now: number) => {
      seen.frames.push(now - last);
      last = now;
      if (seen.go) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

async function watched(page: Page): Promise<{ frames: number[]; tasks: number[] }> {
  return page.evaluate(() => {
    const { seen } = window as unknown as { seen: { frames: number[]; tasks: number[]; go: boolean } };
    seen.go = false;
    return { frames: seen.frames, tasks: seen.tasks };
  });
}

/**
 * From a click to the first frame in which the list is the new one, measured in
 * the page: the rows are marked stale from the click until those of the new list
 * stand there.
 */
async function click(page: Page, label: string): Promise<number> {
  return page.evaluate(
    (name) =>
      new Promise<number>((done) => {
        const box = [...document.querySelectorAll("label")].find((one) => one.textContent === name);
        const count = () => [...document.querySelectorAll('[role="status"]')].map((one) => one.textContent).join();
        const before = count();
        const began = performance.now();
        box?.click();
        const look = () => {
          if (count() !== before && !document.querySelector("[data-stale]")) setTimeout(() => done(performance.now() - began));
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      }),
    label,
  );
}

async function measureFilter(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Add filter" }).click();
  await page.getByRole("menuitem", { name: "Class" }).click();
  await page.getByRole("checkbox", { name: "Syringe pump" }).waitFor();
  const took: number[] = [];
  // A box is ticked and cleared in turn. What was read in the last ten seconds is
  // still there; the server is asked anew for it all the same.
  const labels = ["Shared handheld", "Large-volume pump", "Issued phone", "Tablet"];
  for (let i = 0; i < rounds; i++) {
    const before = page.url();
    took.push(await click(page, labels[i % labels.length] ?? ""));
    if (page.url() === before) throw new Error("the click changed nothing");
  }
  await page.keyboard.press("Escape");
  say(`filter   from the click to painted rows, ${rounds} clicks: p50 ${percentile(took, 0.5).toFixed(0)} ms  p95 ${percentile(took, 0.95).toFixed(0)} ms  worst ${percentile(took, 1).toFixed(0)} ms`);
}

async function measureScroll(page: Page): Promise<void> {
  await page.goto(page.url().replace(/\?.*/, ""));
  await page.getByRole("table", { name: "Devices" }).waitFor();
  await watch(page);
  const began = Date.now();
  const reached = await page.evaluate(
    (wanted) =>
      new Promise<number>((done) => {
        const list = document.querySelector("table[aria-label]")?.parentElement;
        const step = () => {
          if (!list) return done(0);
          list.scrollTop += 180; // four rows a frame: a fast wheel
          const row = Number([...list.querySelectorAll("tr[data-index]")].at(-1)?.getAttribute("data-index") ?? 0);
          if (row >= wanted) done(row);
          else requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
      }),
    rows,
  );
  const { frames, tasks } = await watched(page);
  const late = frames.filter((ms) => ms > 50).length;
  say(`scroll   ${reached} rows in ${((Date.now() - began) / 1000).toFixed(1)} s, ${frames.length} frames: p50 ${percentile(frames, 0.5).toFixed(0)} ms  p95 ${percentile(frames, 0.95).toFixed(0)} ms  longest ${percentile(frames, 1).toFixed(0)} ms  over 50 ms: ${late}`);
  say(`tasks    long tasks (over 50 ms): ${tasks.length}, longest ${Math.max(0, ...tasks).toFixed(0)} ms`);
}

/** The scripts that a first visit to the list loads, as the server sends them. */
async function measureLoad(page: Page): Promise<void> {
  const names = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name));
  const assets = join(import.meta.dirname, "../../dist/assets");
  const built = new Set(readdirSync(assets));
  let sum = 0;
  for (const name of new Set(names.map((address) => address.split("/").at(-1) ?? ""))) {
    if (!name.endsWith(".js") || !built.has(name)) continue;
    const size = statSync(join(assets, name + ".gz")).size;
    sum += size;
    say(`script   ${(size / 1000).toFixed(1).padStart(7)} kB  ${name}`);
  }
  say(`load     JavaScript of the first visit to the list, gzipped: ${(sum / 1000).toFixed(1)} kB`);
}

test("the list of devices", async ({ hospital, browser }) => {
  test.setTimeout(20 * 60_000);
  const model = /model name\s*: (.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
  say(`machine  ${cpus().length} cores, ${model}, load ${loadavg()[0]?.toFixed(1)}; Chromium ${browser.version()}`);
  await fill(hospital);
  const page = await hospital.as("it", "/devices");
  await page.setViewportSize({ width: 1360, height: 850 });
  const shown = page.getByText(/^\d+ of [\d,]+$/);
  await shown.waitFor();
  say(`list     ${await shown.innerText()}`);
  await measureLoad(page);
  await measureFilter(page);
  await measureScroll(page);
  say(`after    load ${loadavg()[0]?.toFixed(1)}`);
});
