import { expect, test } from "./hospital";

test("an alert comes up by itself, is looked at, and leaves the list when somebody has taken note", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/alerts");
  await expect(page.getByText("Nothing is open")).toBeVisible();
  const { items } = (await hospital.read("admin", "/accounts?limit=50")) as { items: { id: string; roles: string[] }[] };
  const auditor = items.find((one) => one.roles.includes("auditor"));
  await hospital.read("security", "/freezes", { scope: "person", scope_id: auditor?.id, reason: "asks for more than an auditor should" });
  // By the event stream: nobody presses reload.
  const alert = page.getByRole("link", { name: "What one person asks for is frozen" });
  await expect(alert).toBeVisible({ timeout: 20_000 });
  await expect(page.getByLabel("1 open alert")).toBeVisible();
  await alert.click();
  await expect(page.getByRole("heading", { name: "What one person asks for is frozen" })).toBeVisible();
  await expect(page.getByText("Nobody is told by mail or webhook")).toBeVisible();
  await page.getByLabel("Note: what came of it").fill("A drill, agreed with security.");
  await page.getByRole("button", { name: "I have taken note" }).click();
  await expect(page.getByText("biomed took note of it")).toBeVisible();
  await expect(page.getByText("A drill, agreed with security.")).toBeVisible();
  await expect(page.getByLabel("1 open alert")).toHaveCount(0);
  await page.getByRole("link", { name: "All alerts" }).click();
  await expect(page.getByText("Nothing is open")).toBeVisible();
  await page.close();
});

test("who hears what says that no mail server is configured, and hearing less takes two people", async ({ hospital }) => {
  const page = await hospital.as("admin", "/alert-rules");
  await expect(page.getByText("No mail server is configured: no mail is sent to anybody")).toBeVisible();
  await page.getByRole("button", { name: "Change: A ward has fallen silent" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("The rule is on").click({ force: true });
  await dialog.getByLabel("Why").fill("the network is rebuilt this week");
  await dialog.getByRole("button", { name: "Change the rule" }).click();
  await expect(page.getByRole("heading", { name: "Waits for a second person: A ward has fallen silent" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Agree" })).toHaveCount(0);
  const security = await hospital.as("security", "/alert-rules");
  await security.getByRole("button", { name: "Agree" }).click();
  await expect(security.getByRole("heading", { name: /Waits for a second person/ })).toHaveCount(0);
  await expect(security.getByText("Off", { exact: true })).toBeVisible();
  await Promise.all([page, security].map((p) => p.close()));
});

test("an infusing pump believed attacked is cut off by two people, and a third reviews it", async ({ hospital }) => {
  const serial = "LV1-0001";
  await hospital.change(serial, { therapy: "infusing" });
  const { items } = (await hospital.read("security", `/devices?q=${serial}`)) as { items: { id: string }[] };
  const security = await hospital.as("security", `/devices/${items[0]?.id}`);
  await security.getByRole("button", { name: "Break-glass: cut this pump off" }).click();
  const dialog = security.getByRole("dialog");
  await expect(dialog).toContainText("It opens nothing else: no wipe, no lock, no restart.");
  await dialog.getByLabel("Why you believe that it is attacked").fill("It talks to an address outside of the hospital");
  await dialog.getByLabel("Who at the bedside agreed").fill("Dr. Weber, ward physician");
  await dialog.getByLabel("What came of a quarantine network").fill("VLAN 666 tried without effect");
  await dialog.getByRole("button", { name: "Ask for the break-glass" }).click();
  await dialog.getByLabel(/code/i).fill(await hospital.otp("security"));
  await dialog.getByRole("button", { name: "Ask for the break-glass" }).click();
  await expect(dialog).toHaveCount(0);

  const biomed = await hospital.as("biomed", "/inbox");
  const card = biomed.getByRole("article", { name: new RegExp(serial) });
  await expect(card).toContainText("This is a break-glass");
  await expect(card).toContainText("Dr. Weber, ward physician");
  const approve = card.getByRole("button", { name: new RegExp(`${serial}`) });
  await approve.click();
  await card.getByLabel(/code/i).fill(await hospital.otp("biomed"));
  await approve.click();
  await expect(card).toHaveCount(0);
  // It goes on infusing, and was told nothing.
  const pump = await hospital.device(serial);
  expect([pump.therapy, pump.executed.some((one) => one.kind === "contain" || one.kind === "wipe")]).toEqual(["infusing", false]);

  await biomed.goto(`${hospital.webURL}/alerts`);
  await biomed.getByRole("link", { name: "A break-glass has begun" }).click();
  await biomed.getByRole("link", { name: "The break-glass" }).click();
  await expect(biomed.getByText("Somebody who took no part in it has to review it.")).toBeVisible();
  const admin = await hospital.as("admin", "/break-glass");
  await admin.getByRole("link", { name: serial }).click();
  await admin.getByLabel("No", { exact: true }).check();
  await admin.getByLabel("What the review found").fill("A misread flow record: the pump was not attacked.");
  await admin.getByRole("button", { name: "Close the review" }).click();
  await expect(admin.getByText("admin reviewed it")).toBeVisible();
  await Promise.all([security, biomed, admin].map((p) => p.close()));
});
