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
