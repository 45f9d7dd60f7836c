import { useMemo } from "react";
import { api } from "../../api/client";
import { useMay } from "../../session/useSession";

/** The words for the ids of models and places, from lists that are read once. */
export function useNames(): { model: (id: string) => string; place: (id: string) => string } {
  const may = useMay();
  const models = api.useQuery("get", "/api/v1/models", {}, { enabled: may("models.read"), staleTime: 60_000 });
  const places = api.useQuery("get", "/api/v1/places", {}, { enabled: may("places.read"), staleTime: 60_000 });
  return useMemo(() => {
    const model = new Map(models.data?.items.map((m) => [m.id, `${m.maker} ${m.name}`]));
    const place = new Map(places.data?.items.map((p) => [p.id, p.words]));
    return { model: (id) => model.get(id) ?? "", place: (id) => place.get(id) ?? "" };
  }, [models.data, places.data]);
}
