import { Tabs } from "@mantine/core";
import { useT } from "../../../i18n/strings";
import { useMay } from "../../../session/useSession";
import { later } from "../../../ui/later";
import { Page } from "../../../ui/Page";
import { RouteLink } from "../../../ui/RouteLink";
import { text, useAddress } from "../../../ui/useAddress";
import { addStrings } from "./strings";

const CsvImport = later(() => import("./CsvImport").then((module) => module.CsvImport));
const RegisterForm = later(() => import("./RegisterForm").then((module) => module.RegisterForm));

const one = "one";
const many = "csv";

/** New entries of the inventory: many from a file, or one. */
export default function AddPage() {
  const t = useT(addStrings);
  const may = useMay();
  const [tab, set] = useAddress((raw) => (text(raw, "tab") === one || !may("devices.import") ? one : many));
  return (
    <Page title={t("title")} about={t("about")} above={<RouteLink to="/devices">{t("back")}</RouteLink>}>
      <Tabs value={tab} onChange={(to) => set({ tab: to === one ? one : undefined }, { replace: true })} keepMounted={false}>
        <Tabs.List mb="md">
          {may("devices.import") && <Tabs.Tab value={many}>{t("tabs.csv")}</Tabs.Tab>}
          <Tabs.Tab value={one}>{t("tabs.one")}</Tabs.Tab>
        </Tabs.List>
        {may("devices.import") && (
          <Tabs.Panel value={many}>
            <CsvImport />
          </Tabs.Panel>
        )}
        <Tabs.Panel value={one}>
          <RegisterForm />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
