import type { Page } from "@playwright/test";
import { expect, test, type Hospital } from "./hospital";
import { pagesOf } from "./pdf";

/** Opens a place from the tree, as a person does. */
async function openPlace(hospital: Hospital, name: string): Promise<Page> {
  const page = await hospital.as("biomed", "/places");
  await page.getByRole("navigation", { name: "All places" }).getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  return page;
}

test("the ward list names every device of the ward, on paper", async ({ hospital }) => {
  const ward = "Intensive care";
  const page = await openPlace(hospital, ward);
  await page.getByRole("link", { name: "Ward list for downtime" }).click();
  await expect(page.getByText("This is a snapshot")).toBeVisible();
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await expect(page.getByRole("navigation", { name: "Main menu" })).toBeHidden();
  await expect(page.getByRole("button", { name: "Print" })).toBeHidden();
  const sheets = pagesOf(await page.pdf({ format: "A4" }));

  // The devices themselves say where they are; those that no agent speaks for are not simulated.
  const here = (await hospital.devices()).filter((device) => device.ward.endsWith(ward));
  expect(here.length).toBeGreaterThan(3);
  for (const { serial } of here) expect(sheets.join()).toContain(serial);
  sheets.forEach((sheet, i) => {
    expect(sheet.replace(/\s/g, "")).toContain(`${i + 1}/${sheets.length}`);
    expect(sheet).toContain("Asset tag");
    expect(sheet).toMatch(/Snapshot of .*\d{2}:\d{2}:\d{2}.*(CET|GMT\+1)/);
  });
  const infusing = here.find((device) => device.therapy === "infusing");
  expect(sheets.join()).toMatch(new RegExp(`${infusing?.serial}.*?Infusing\\s+reported \\d+ \\w+\\.? before`));
  await page.close();
});

test("a whole site is printed with each ward on a page of its own", async ({ hospital }) => {
  const page = await openPlace(hospital, "Example General Hospital");
  await page.getByRole("link", { name: "Ward list for downtime" }).click();
  await expect(page.getByRole("table", { name: /4 North/ })).toBeVisible();
  const sheets = pagesOf(await page.pdf({ format: "A4" }));
  for (const ward of ["Intensive care", "4 North, Surgery", "Central supply"]) {
    expect(sheets.filter((sheet) => sheet.includes(`, ${ward}`))).toHaveLength(1);
  }
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  expect(saved.suggestedFilename()).toBe("Example General Hospital.csv");
  await page.close();
});

const header = "bssid,name,place\n";
const north = "Example General Hospital / Main building / Floor 4 / 4 North, Surgery";

function csv(text: string) {
  return { name: "access-points.csv", mimeType: "text/csv", buffer: Buffer.from(text) };
}

test("an import of access points names its faults and imports nothing, then imports", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/places/import");
  const good = `02:57:4c:99:00:01,AP-Test-1,"${north}"\n`;
  const choose = async (text: string) => {
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByLabel("CSV file").click()]);
    await chooser.setFiles(csv(text));
    await page.getByRole("button", { name: "Check the file" }).click();
  };
  await choose(`${header}${good}02:57:4c:99:00,AP-Short,"${north}"\n02:57:4c:99:00:03,AP-Nowhere,The moon\n`);
  await expect(page.getByRole("alert")).toContainText("2 faults: nothing was imported");
  await expect(page.getByRole("row", { name: /^3 bssid / })).toBeVisible();
  await expect(page.getByRole("row", { name: /^4 place .*The moon/ })).toBeVisible();
  await expect(page.getByRole("button", { name: /^Import \d/ })).toHaveCount(0);

  const ward = await openPlace(hospital, "4 North, Surgery");
  const points = ward.getByRole("table", { name: "Access points" });
  await expect(points).toBeVisible();
  await expect(points.getByText("02:57:4c:99:00:01")).toHaveCount(0);

  await choose(header + good);
  await page.getByRole("button", { name: "Import 1 access point" }).click();
  await expect(page.getByText("1 access point was imported.")).toBeVisible();
  await ward.reload();
  await expect(points.getByRole("row", { name: /02:57:4c:99:00:01 AP-Test-1/ })).toBeVisible();
  await page.close();
  await ward.close();
});

test("a ward is added, renamed and removed; one in which devices stand says so instead", async ({ hospital }) => {
  const page = await hospital.as("biomed", "/places");
  const tree = page.getByRole("navigation", { name: "All places" });
  const choose = async (place: string, item: string) => {
    await page.getByRole("button", { name: `Actions for ${place}` }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await choose("Floor 4", "Add a ward");
  await page.getByRole("textbox", { name: "Name" }).fill("4 East, Gynaecology");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(tree.getByRole("link", { name: "4 East, Gynaecology" })).toBeVisible();

  // Somebody else renames it while the dialog is open: nothing of theirs is lost unseen.
  await choose("4 East, Gynaecology", "Rename or move");
  const other = await hospital.as("it", "/places");
  await other.getByRole("button", { name: "Actions for 4 East, Gynaecology" }).click();
  await other.getByRole("menuitem", { name: "Rename or move" }).click();
  await other.getByRole("textbox", { name: "Name" }).fill("4 East, Maternity");
  await other.getByRole("button", { name: "Save" }).click();
  await expect(other.getByText("4 East, Maternity was changed.")).toBeVisible();
  await other.close();
  await page.getByRole("textbox", { name: "Name" }).fill("4 East, Women's health");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("4 East, Maternity");
  await page.getByRole("button", { name: "I have seen it: save mine over it" }).click();
  await expect(tree.getByRole("link", { name: "4 East, Women's health" })).toBeVisible();

  await choose("Intensive care", "Remove");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Intensive care cannot be removed yet");
  await expect(dialog).toContainText(/\d+ devices belong to it/);
  await dialog.getByRole("button", { name: "Close" }).last().click();

  await choose("4 East, Women's health", "Remove");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(tree.getByRole("link", { name: "4 East, Women's health" })).toHaveCount(0);
  await page.close();
});
