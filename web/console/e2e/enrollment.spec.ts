import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import jsQR from "jsqr";
import { PNG } from "pngjs";
import { expect, test, type Hospital } from "./hospital";

const agents: ChildProcess[] = [];
let folder = "";

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wardline-agent-"));
});

test.afterAll(async () => {
  for (const agent of agents) agent.kill("SIGINT");
  await rm(folder, { recursive: true, force: true });
});

/** A real agent, with a state folder for each machine. */
function agent(machine: string, ...args: string[]): { ended: Promise<{ status: number | null; said: string }> } {
  const [verb = "", ...rest] = args;
  const child = spawn(join(import.meta.dirname, "../../../build/wardline-agent"), [verb, "--state", join(folder, machine), ...rest], { stdio: ["ignore", "pipe", "pipe"] });
  agents.push(child);
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  child.stderr.on("data", (text) => (said += text));
  return { ended: new Promise((resolve) => child.once("exit", (status) => resolve({ status, said }))) };
}

/** What somebody's camera reads from the picture of the screen. */
async function scanned(page: Page, name: string | RegExp): Promise<string> {
  const code = page.getByRole("img", { name }).first();
  await code.scrollIntoViewIfNeeded();
  const picture = PNG.sync.read(await code.screenshot());
  const read = jsQR(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  if (!read) throw new Error("no QR code can be read from the screenshot");
  return read.data;
}

async function choose(page: Page, label: string, option: string | RegExp): Promise<void> {
  await page.getByRole("combobox", { name: label }).or(page.getByRole("textbox", { name: label })).first().click();
  await page.getByRole("option", { name: option }).first().click();
}

/** Makes an invitation for one pump, as somebody with a scanner does. */
async function invite(hospital: Hospital, serial: string): Promise<Page> {
  const page = await hospital.as("biomed", "/enrollment/new?kind=pump");
  await choose(page, "Class", "Large-volume pump");
  const scan = page.getByLabel("Scan or type the serial number, then Enter");
  await scan.fill(serial);
  await scan.press("Enter");
  await expect(page.getByRole("region", { name: serial })).toBeVisible();
  return page;
}

test("an invitation made on the screen is scanned from it and enrolls a real agent", async ({ hospital }) => {
  const page = await invite(hospital, "E2E-PUMP-1");
  const card = page.getByRole("region", { name: "E2E-PUMP-1" });
  await expect(card).toContainText("Code not used yet");
  // The scanner goes on without a mouse; the same number twice is told.
  const scan = page.getByLabel("Scan or type the serial number, then Enter");
  await expect(scan).toBeFocused();
  await page.keyboard.type("e2e-pump-1\n");
  await expect(page.getByRole("alert").filter({ hasText: "scanned already" })).toContainText("e2e-pump-1 was scanned already, as number 1.");
  await expect(scan).toBeFocused();

  const link = await scanned(page, "QR code of the invitation");
  const enrolled = await agent("one", "enroll", "--serial", "E2E-PUMP-1", "--link", link).ended;
  expect(enrolled.said).toContain("Enrolled.");
  // Nobody touches the page: it says what is missing, then that nothing is.
  await expect(card).toContainText("Certificate issued, first contact missing");
  agent("one", "run", "--serial", "E2E-PUMP-1");
  await expect(card).toContainText("Enrolled");
  await card.getByRole("link", { name: "Open the device" }).click();
  await page.goto(`${hospital.webURL}/devices?q=E2E-PUMP-1`);
  await expect(page.getByRole("table", { name: "Devices" })).toContainText("E2E-PUMP-1");
  await page.goto(`${hospital.webURL}/enrollment?state=used&q=E2E-PUMP-1`);
  await expect(page.getByRole("table", { name: "Invitations" })).toContainText("Enrolled");
  await page.close();
});

test("a delivery lets in what is on its packing list, tells what is not, and its labels are printed", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/enrollment/new?kind=delivery");
  await page.getByLabel("Name of the delivery").fill("PO 4711");
  await choose(page, "Model", /./);
  const scan = page.getByLabel("Scan, type or paste serial numbers");
  await scan.focus();
  for (let n = 1; n <= 26; n++) await page.keyboard.type(`E2E-BOX-${n}\n`);
  await page.keyboard.type("e2e-box-3\n");
  await expect(page.getByRole("alert")).toContainText("e2e-box-3 was scanned already, as number 3.");
  await expect(page.getByRole("region", { name: "Packing list" })).toContainText("26 serial numbers");
  await page.getByRole("button", { name: "Register the delivery" }).click();
  await expect(page.getByRole("heading", { name: "PO 4711" }).first()).toBeVisible();
  await expect(page.getByLabel("Open on the bench")).toBeChecked();
  await expect(page.getByText("0 of 26 enrolled").first()).toBeVisible();

  const link = await scanned(page, "QR code of the invitation");
  const stranger = await agent("stranger", "enroll", "--serial", "E2E-STRANGER", "--link", link, "--patience", "5s").ended;
  expect(stranger.status).not.toBe(0);
  expect((await agent("box", "enroll", "--serial", "E2E-BOX-2", "--link", link).ended).said).toContain("Enrolled.");
  await expect(page.getByText("1 of 26 enrolled").first()).toBeVisible();

  await page.getByRole("link", { name: "See why" }).click();
  const row = page.getByRole("row").filter({ hasText: "E2E-STRANGER" }).first();
  await expect(row).toContainText("This serial number is not on the delivery's packing list.");
  await expect(row).toContainText("Compare the serial number with the packing list");
  await row.getByRole("link", { name: "Delivery PO 4711" }).click();

  await page.getByRole("link", { name: "Print", exact: true }).click();
  await page.emulateMedia({ media: "print" });
  const labels = page.locator("[data-label]");
  await expect(labels).toHaveCount(26);
  await expect(page.getByRole("group", { name: "Sheet 2 of 2" }).locator("[data-label]")).toHaveCount(2);
  await expect(labels.last()).toContainText("E2E-BOX-9"); // the packing list is in order of its serial numbers
  await expect(page.getByRole("navigation", { name: "Main menu" })).toBeHidden();
  await expect(page.getByRole("button", { name: "Print" })).toBeHidden();
  expect(await scanned(page, "QR code of the invitation for E2E-BOX-1")).toBe(link);
  await page.close();
});

test("a pump that enrolls while its old self still reports waits for a person, who sees both", async ({ hospital }) => {
  const twin = (await hospital.devices()).find((d) => d.class === "pump_lvp" && d.online);
  if (!twin) throw new Error("the demo has no pump that is online");
  const page = await invite(hospital, twin.serial);
  const link = await scanned(page, "QR code of the invitation");
  const attempt = agent("twin", "enroll", "--serial", twin.serial, "--link", link);
  await expect(page.getByRole("region", { name: twin.serial })).toContainText("Waits for a decision");
  await page.getByRole("link", { name: "Waiting for a decision" }).click();
  const request = page.getByRole("article", { name: `${twin.serial} asks to enroll` });
  await expect(request).toContainText("a device with this identity is still reporting");
  await expect(request.getByRole("row", { name: /^Class/ })).toContainText("Large-volume pump");
  await request.getByRole("button", { name: "Refuse" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("The device gets no certificate");
  await dialog.getByLabel("Reason").fill("The pump is at the bedside and runs: this is another machine.");
  await dialog.getByRole("button", { name: "Refuse" }).click();
  await expect(request).toBeHidden();
  expect((await attempt.ended).status).not.toBe(0);
  await page.getByRole("tab", { name: "Failed" }).click();
  await expect(page.getByRole("row").filter({ hasText: twin.serial }).first()).toContainText("this is another machine");
  await page.close();
});
