import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test as base, expect, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { Authenticator } from "./totp";

export { expect } from "@playwright/test";

interface Account {
  username: string;
  password: string;
  otp_secret: string;
  role: string;
}

/** What a simulated device says of itself, from its own memory. */
export interface SimulatedDevice {
  serial: string;
  class: string;
  /** The way to the ward in which it stands. */
  ward: string;
  locked: boolean;
  lost_mode: boolean;
  wiped: boolean;
  therapy?: string;
  online: boolean;
  bssid: string;
  executed: { command_id: string; kind: string; at: string }[];
  /** The configuration that is in force on it: the number of each kind's version. */
  config_versions: Record<string, string>;
}

/** A demo hospital of its own, as `make demo` starts it. */
export class Hospital {
  private authenticators = new Map<string, Authenticator>();
  private contexts = new Map<string, BrowserContext>();
  private tokens = new Map<string, string>();

  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
    readonly webURL: string,
    /** Self-service, on plain HTTP. */
    readonly selfURL: string,
    readonly adminURL: string,
    readonly controlURL: string,
    readonly caFile: string,
    readonly accounts: Account[],
    private readonly browser: Browser,
  ) {}

  static async start(browser: Browser, ...flags: string[]): Promise<Hospital> {
    const folder = await mkdtemp(join(tmpdir(), "wardline-console-"));
    const any = "127.0.0.1:0";
    const binary = join(import.meta.dirname, "../../../build/wardline");
    const child = spawn(
      binary,
      ["demo", "--json", "--data", join(folder, "data"), "--admin-addr", any, "--public-addr", any, "--device-addr", any]
        .concat(["--pki-addr", any, "--web-addr", any, "--ward-addr", any, "--self-addr", any])
        .concat(flags),
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const ready = await new Promise<string>((resolve, reject) => {
      const lines: string[] = [];
      child.once("exit", (status) => reject(new Error(`the demo ended with ${status}: ${lines.join("\n")}`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        lines.push(line);
        if (line.endsWith("}")) resolve(lines.join("\n"));
      });
    });
    const said = JSON.parse(ready);
    return new Hospital(child, folder, said.web_url, said.self_url, said.admin_url, said.control_url, said.ca_file, said.accounts, browser);
  }

  async stop(): Promise<void> {
    for (const context of this.contexts.values()) await context.close();
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGINT");
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  account(role: string): Account {
    const account = this.accounts.find((a) => a.role === role);
    if (!account) throw new Error(`the demo has no account of the role ${role}`);
    return account;
  }

  /** The next code of somebody's authenticator app. */
  otp(role: string): Promise<string> {
    let app = this.authenticators.get(role);
    if (!app) this.authenticators.set(role, (app = new Authenticator(this.account(role).otp_secret)));
    return app.next();
  }

  /** Signs in on the page, as a person does. */
  async signIn(page: Page, role: string): Promise<void> {
    const account = this.account(role);
    await page.getByLabel("User name").fill(account.username);
    await page.getByLabel(/^Password/).fill(account.password);
    await page.getByLabel("One-time code").fill(await this.otp(role));
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByRole("navigation", { name: "Main menu" }).or(page.getByLabel("Search or scan"))).not.toHaveCount(0);
  }

  /**
   * A new tab of somebody who is signed in already; they sign in at their first
   * tab only, since a code of their app works once.
   */
  async as(role: string, path = "/"): Promise<Page> {
    let context = this.contexts.get(role);
    const first = !context;
    if (!context) this.contexts.set(role, (context = await this.browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin" })));
    const page = await context.newPage();
    await page.goto(this.webURL + path);
    if (first) {
      await this.signIn(page, role);
    }
    await expect(page.getByLabel("Search or scan")).toBeVisible();
    return page;
  }

  /**
   * Reads something over REST with the session of somebody's tab, or posts a body,
   * for tests that need to know what there is, or need it to be there; what a test
   * proves is done and read elsewhere.
   */
  async read(role: string, path: string, body?: unknown): Promise<unknown> {
    let token = this.tokens.get(role);
    if (!token) {
      if (!this.contexts.has(role)) await (await this.as(role)).close();
      const answer = await this.contexts.get(role)?.request.post(`${this.webURL}/api/v1/auth/refresh`);
      token = (await answer?.json())?.access_token as string;
      this.tokens.set(role, token);
    }
    const answer = await fetch(`${this.webURL}/api/v1${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Every simulated device, as it sees itself. */
  async devices(): Promise<SimulatedDevice[]> {
    const answer = await fetch(`${this.controlURL}/devices`);
    const body = await answer.json();
    return body.items ?? body.devices ?? body;
  }

  async device(serial: string): Promise<SimulatedDevice> {
    return (await fetch(`${this.controlURL}/devices/${serial}`)).json();
  }

  /** Does something to a simulated device: therapy, online, bssid, clock_offset_seconds, battery_percent. */
  async change(serial: string, change: Record<string, unknown>): Promise<void> {
    const answer = await fetch(`${this.controlURL}/devices/${serial}`, {
      method: "PATCH",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(change),
    });
    if (!answer.ok) throw new Error(`${serial}: ${answer.status} ${await answer.text()}`);
  }
}

/**
 * The hospital of one spec file: the tests of a file share it, in their order, and
 * a file finds no traces of another. A test takes devices that no other test of its
 * file has taken.
 */
class HospitalOfTheFile {
  private file = "";
  private hospital?: Hospital;

  constructor(private readonly browser: Browser) {}

  async of(file: string): Promise<Hospital> {
    if (this.hospital && this.file === file) return this.hospital;
    await this.close();
    this.file = file;
    return (this.hospital = await Hospital.start(this.browser));
  }

  async close(): Promise<void> {
    await this.hospital?.stop();
    this.hospital = undefined;
  }
}

export const test = base.extend<{ hospital: Hospital }, { ofTheFile: HospitalOfTheFile }>({
  ofTheFile: [
    async ({ browser }, use) => {
      const one = new HospitalOfTheFile(browser);
      await use(one);
      await one.close();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  hospital: [async ({ ofTheFile }, use, testInfo) => use(await ofTheFile.of(testInfo.file)), { timeout: 120_000 }],
});
