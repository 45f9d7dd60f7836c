import { Badge } from "@mantine/core";
import { appStrings } from "../../app/strings";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";

/** How many commands wait for my decision; nothing when there are none. */
export function InboxCount() {
  const t = useT(appStrings);
  const inbox = api.useQuery("get", "/api/v1/commands", { params: { query: { inbox: true, limit: 1 } } });
  const total = inbox.data?.total ?? 0;
  if (total === 0) return null;
  return (
    <Badge size="sm" color="grape" variant="filled" circle={total < 10} aria-label={t("waiting.inbox", { count: total })}>
      {total > 99 ? "99+" : total}
    </Badge>
  );
}
