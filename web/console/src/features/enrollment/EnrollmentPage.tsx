import { Badge, Tabs } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Page } from "../../ui/Page";
import { RouteButton } from "../../ui/RouteLink";
import { text, useAddress } from "../../ui/useAddress";
import { DeliveriesTab } from "./DeliveriesTab";
import { FailedTab } from "./FailedTab";
import { InvitationsTab } from "./InvitationsTab";
import { enrollmentStrings } from "./strings";
import { WaitingTab } from "./WaitingTab";

const tabs = ["invitations", "deliveries", "waiting", "failed"] as const;

/** How devices come in. */
export default function EnrollmentPage() {
  const t = useT(enrollmentStrings);
  const may = useMay();
  const [{ tab }, set] = useAddress((raw) => ({ tab: tabs.find((name) => name === text(raw, "tab")) }));
  const allowed = tabs.filter((name) => may(name === "invitations" || name === "deliveries" ? "invitations.read" : "enrollments.read"));
  const waiting = api.useQuery("get", "/api/v1/enrollment-requests", {}, { enabled: allowed.includes("waiting") });
  const count = waiting.data?.total ?? 0;
  const shown = tab && allowed.includes(tab) ? tab : allowed[0];
  return (
    <Page
      title={t("title")}
      about={t("about")}
      actions={
        may("invitations.create") && (
          <RouteButton to="/enrollment/new" leftSection={<IconPlus size={16} aria-hidden />}>
            {t("invite")}
          </RouteButton>
        )
      }
    >
      <Tabs value={shown} onChange={(to) => set({ tab: to ?? undefined, invitation: undefined })} keepMounted={false}>
        <Tabs.List mb="md">
          {allowed.map((name) => (
            <Tabs.Tab
              key={name}
              value={name}
              rightSection={
                name === "waiting" && count > 0 ? (
                  <Badge size="sm" circle color="grape" aria-label={t("waitingCount", { count })}>
                    {count}
                  </Badge>
                ) : null
              }
            >
              {t(`tabs.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="invitations">
          <InvitationsTab />
        </Tabs.Panel>
        <Tabs.Panel value="deliveries">
          <DeliveriesTab />
        </Tabs.Panel>
        <Tabs.Panel value="waiting">
          <WaitingTab />
        </Tabs.Panel>
        <Tabs.Panel value="failed">
          <FailedTab />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
