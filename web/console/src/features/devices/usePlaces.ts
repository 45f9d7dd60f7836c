import { useQuery } from "@tanstack/react-query";
import { rest, type Schemas } from "../../api/client";

/** Every place; a hospital group has hundreds. */
export function usePlaces(enabled = true) {
  return useQuery({
    queryKey: ["get", "/api/v1/places", "all"],
    enabled,
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const all: Schemas["PlaceView"][] = [];
      for (let cursor: string | undefined = ""; cursor !== undefined; ) {
        const page: Schemas["PagePlaceView"] = await readPlaces(cursor, signal);
        all.push(...page.items);
        cursor = page.next_cursor || undefined;
      }
      return all;
    },
  });
}

async function readPlaces(cursor: string, signal: AbortSignal) {
  const { data, error } = await rest.GET("/api/v1/places", { params: { query: { limit: 200, cursor: cursor || undefined } }, signal });
  if (error) throw error;
  return data;
}
