import { Alert, List, Stack, Text } from "@mantine/core";
import { IconRestore } from "@tabler/icons-react";
import type { components } from "../../api/schema";
import { useT } from "../../i18n/strings";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import { guardStrings } from "./strings";

export type Lost = components["schemas"]["RestoreView"];

/** How many lines a list shows before it says how many more there are. */
const shown = 20;

/** What a restore lost and made void: both people who lift its freeze read it. */
export function Restored({ lost }: { lost: Lost }) {
  const t = useT(guardStrings);
  const say = useWords();
  const orders = lost.orders.slice(0, shown);
  const moreOrders = lost.orders.length - orders.length + lost.more_orders;
  const revoked = lost.revocations.slice(0, shown);
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {t("lost.title", { epoch: lost.epoch })}
      </Text>
      <List size="sm" spacing={4}>
        <List.Item>
          {lost.from && (
            <>
              {t("lost.from")} <Time at={lost.from} />
            </>
          )}
          {lost.until ? (
            <>
              , {t("lost.until")} <Time at={lost.until} />
            </>
          ) : (
            <>. {t("lost.untilUnknown")}</>
          )}
        </List.Item>
        <List.Item>{lost.links < 0 ? t("lost.linksUnknown") : t("lost.links", { count: lost.links })}</List.Item>
        <List.Item>{t("lost.people", { sessions: lost.sessions, tokens: lost.tokens })}</List.Item>
        <List.Item>{t("lost.waiting", { approvals: lost.approvals, invitations: lost.invitations })}</List.Item>
        {lost.people.length > 0 && <List.Item>{t("lost.rights", { names: lost.people.join(", ") })}</List.Item>}
      </List>
      <Text size="sm">{lost.orders.length > 0 ? t("lost.orders", { count: lost.orders.length + lost.more_orders }) : t("lost.noOrders")}</Text>
      {orders.length > 0 && (
      <List size="sm">
        {orders.map((order) => (
          <List.Item key={order.command_id}>
            {order.kind_words} ({say("commandState", order.state)}):{" "}
            {order.device ? (
              <RouteLink to={`/devices/${order.device_id}`} size="sm">
                {order.device}
              </RouteLink>
            ) : (
              t("unnamed")
            )}
          </List.Item>
        ))}
        {moreOrders > 0 && <List.Item>{t("lost.more", { count: moreOrders })}</List.Item>}
      </List>
      )}
      {lost.crl_known ? (
        <Text size="sm">{lost.revocations.length > 0 ? t("lost.revoked", { count: lost.revocations.length }) : t("lost.noneRevoked")}</Text>
      ) : (
        <Alert color="orange" variant="light" icon={<IconRestore aria-hidden />}>
          {t("lost.noList")}
        </Alert>
      )}
      {revoked.length > 0 && (
        <List size="sm">
          {revoked.map((r) => (
            <List.Item key={r.serial}>{r.device || t("lost.unknownCertificate", { serial: r.serial.slice(0, 8) })}</List.Item>
          ))}
          {lost.revocations.length > shown && <List.Item>{t("lost.more", { count: lost.revocations.length - shown })}</List.Item>}
        </List>
      )}
    </Stack>
  );
}
