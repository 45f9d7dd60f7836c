import { expect, test, type Hospital } from "./hospital";

/** Signs in over REST, and asks for a wipe with a fresh code: what the test is about is what becomes of it. */
async function wipe(hospital: Hospital, serial: string) {
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${hospital.webURL}/api/v1${path}`, {
      method,
      headers: { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  const { username, password } = hospital.account("it");
  const { access_token } = await call("POST", "/auth/login", { username, password, otp: await hospital.otp("it") });
  const me = { Authorization: `Bearer ${access_token}` };
  const device = (await call("GET", `/devices?q=${serial}`, undefined, me)).items[0];
  const { step_up } = await call("POST", "/auth/step-up", { otp: await hospital.otp("it"), device_id: device.id }, me);
  const asked = await call("POST", `/devices/${device.id}/commands`, { kind: "wipe", reason: "a drill" }, { ...me, "Wardline-Step-Up": step_up });
  const heard = async () => (await call("GET", `/devices/${device.id}`, undefined, me)).last_seen_at as string;
  return { why: asked.why_waiting as string, heard };
}

test("all wipes are stopped with a click; a wipe then waits, and two people let it go on", async ({ hospital }) => {
  test.setTimeout(240_000);
  const page = await hospital.as("biomed", "/guard");
  await expect(page.getByText("Nothing is stopped.")).toBeVisible();
  await page.getByRole("button", { name: "Stop all wipes" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("A security officer and an administrator lift it together");
  await expect(dialog.getByRole("button", { name: "Stop all wipes" })).toBeDisabled();
  await dialog.getByLabel("Why").fill("wipes that nobody asked for");
  await dialog.getByRole("button", { name: "Stop all wipes" }).click();
  await expect(page.getByText("The whole server: stopped")).toBeVisible();
  await expect(page.getByText("Set by biomed")).toBeVisible();
  // An engineer stops it, and a security officer and an administrator lift it.
  await expect(page.getByRole("button", { name: "Ask to lift it" })).toHaveCount(0);

  const phone = "P7-0003";
  const { why, heard } = await wipe(hospital, phone);
  expect(why).toContain("Stopped by a freeze");
  const before = await heard();
  await expect.poll(heard, { timeout: 90_000 }).not.toBe(before);
  expect((await hospital.device(phone)).wiped).toBe(false);

  const security = await hospital.as("security", "/guard");
  await security.getByRole("button", { name: "Ask to lift it" }).click();
  await security.getByLabel("Why").fill("it was a drill");
  await security.getByRole("dialog").getByRole("button", { name: "Ask to lift it" }).click();
  await expect(security.getByText("security asks to lift it: it was a drill")).toBeVisible();
  expect((await hospital.device(phone)).wiped).toBe(false);
  const admin = await hospital.as("admin", "/guard");
  await admin.getByRole("button", { name: "Agree and lift it" }).click();
  await admin.getByRole("dialog").getByRole("button", { name: "Agree and lift it" }).click();
  await expect(admin.getByText("Nothing is stopped.")).toBeVisible();
  await expect.poll(async () => (await hospital.device(phone)).wiped, { timeout: 90_000 }).toBe(true);
  await Promise.all([page, security, admin].map((p) => p.close()));
});

test("the limits say what holds and what is to come", async ({ hospital }) => {
  const page = await hospital.as("admin", "/guard");
  await expect(page.getByText("5 devices an hour for one person")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Changes to come" })).toBeVisible();
  // A role confirms with passkeys only when its people have some.
  await page.getByRole("button", { name: "Change", exact: true, description: "IT confirms with any second factor" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Why").fill("codes are phished, passkeys are not");
  await dialog.getByRole("button", { name: "Ask for a passkey" }).click();
  await expect(dialog.getByRole("alert")).toContainText("Too few people of this role have a passkey");
  await page.close();
});
