import { Tabs } from "@mantine/core";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Page } from "../../ui/Page";
import { text, useAddress } from "../../ui/useAddress";
import { Badges } from "./Badges";
import { HandheldList } from "./HandheldList";
import { Rules } from "./Rules";
import { Stations } from "./Stations";
import { handheldsStrings } from "./strings";

const tabs = ["list", "stations", "rules", "badge"] as const;

/** Shared handhelds: who has which, where they are taken, and what happens when one stays away. */
export default function HandheldsPage() {
  const t = useT(handheldsStrings);
  const may = useMay();
  const mine = tabs.filter((tab) => tab !== "badge" || may("handhelds.serve"));
  const [{ tab }, setAddress] = useAddress((raw) => ({ tab: mine.find((one) => one === text(raw, "tab")) ?? "list" }));
  return (
    <Page title={t("title")} about={t("about")}>
      <Tabs value={tab} keepMounted={false} onChange={(value) => setAddress({ tab: value === "list" ? undefined : value, overdue: undefined, ward: undefined }, { replace: true })}>
        <Tabs.List mb="md">
          {mine.map((one) => (
            <Tabs.Tab value={one} key={one}>
              {t(`tabs.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="list">
          <HandheldList />
        </Tabs.Panel>
        <Tabs.Panel value="stations">
          <Stations />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <Rules />
        </Tabs.Panel>
        <Tabs.Panel value="badge">
          <Badges />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
