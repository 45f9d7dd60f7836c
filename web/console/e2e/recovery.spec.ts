import { expect, test } from "./hospital";

// That the server says this, and to whom, is proven with it; the demo has no
// envelope, so the answer is put in its place here.
test("everybody sees that an account is being recovered, and an administrator calls it off", async ({ hospital }) => {
  const page = await hospital.as("admin", "/account");
  const minutes = (n: number) => new Date(Date.now() + n * 60_000).toISOString();
  const running = { id: "r1", username: "a.meier", state: "waiting", created_at: minutes(-5), ready_at: minutes(55), expires_at: minutes(1495), may_cancel: true };
  let items = [{ ...running, may_cancel: false }];
  const calls: string[] = [];
  await page.route("**/api/v1/recoveries", (route) => route.fulfill({ json: { items, total: items.length, next_cursor: "" } }));
  await page.route("**/api/v1/recoveries/*/cancel", (route) => {
    calls.push(new URL(route.request().url()).pathname);
    items = [];
    return route.fulfill({ json: { ...running, state: "cancelled", may_cancel: false } });
  });
  await page.reload();
  const banner = page.getByRole("alert").filter({ hasText: "a.meier is being recovered" });
  await expect(banner).toContainText("tell an administrator or a security officer");
  await expect(banner.getByRole("button")).toHaveCount(0);

  items = [running];
  await page.reload();
  await banner.getByRole("button", { name: "Call it off" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Call it off" }).click();
  await expect(banner).toHaveCount(0);
  expect(calls).toEqual(["/api/v1/recoveries/r1/cancel"]);
  await page.close();
});
