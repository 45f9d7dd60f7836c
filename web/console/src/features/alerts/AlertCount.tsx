import { Badge } from "@mantine/core";
import { appStrings } from "../../app/strings";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";

/** How many alerts are open; nothing when there are none. */
export function AlertCount() {
  const t = useT(appStrings);
  const open = api.useQuery("get", "/api/v1/alerts", { params: { query: { state: "open", limit: 1 } } });
  const total = open.data?.total ?? 0;
  if (total === 0) return null;
  return (
    <Badge size="sm" color="red" variant="filled" circle={total < 10} aria-label={t("waiting.alerts", { count: total })}>
      {total > 99 ? "99+" : total}
    </Badge>
  );
}
