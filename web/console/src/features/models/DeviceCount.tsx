import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { RouteLink } from "../../ui/RouteLink";
import { modelStrings } from "./strings";

/** How many devices of a model I may see, with the list behind the number. */
export function DeviceCount({ model }: { model: string }) {
  const t = useT(modelStrings);
  const may = useMay();
  const query = api.useQuery("get", "/api/v1/devices", { params: { query: { model: [model], limit: 1 } } }, { enabled: may("devices.read"), staleTime: 60_000, meta: { live: false } });
  if (!query.data) return null;
  return (
    <RouteLink to="/devices" search={{ model: [model] } as never} size="sm">
      {t("devices", { count: query.data.total })}
    </RouteLink>
  );
}
