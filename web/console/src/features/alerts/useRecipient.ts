import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { alertsStrings } from "./strings";

/** The sites, by name. */
export function useSites(): { value: string; label: string }[] {
  const places = api.useQuery("get", "/api/v1/places", { params: { query: { limit: 200 } } });
  return (places.data?.items ?? []).filter((place) => place.kind === "site").map((place) => ({ value: place.id, label: place.name }));
}

/** Says who a recipient is. */
export function useRecipient(rules: Schemas["AlertRulesView"]): (route: Schemas["AlertRoute"]) => string {
  const t = useT(alertsStrings);
  const say = useWords();
  const sites = useSites();
  return (route) => {
    const who = route.role
      ? t("roleOf", { role: say("role", route.role) })
      : (route.address ?? rules.webhooks.find((hook) => hook.id === route.webhook_id)?.name ?? route.webhook_id ?? "");
    const site = route.site_id && (sites.find((one) => one.value === route.site_id)?.label ?? route.site_id);
    return site ? `${who} (${site})` : who;
  };
}
