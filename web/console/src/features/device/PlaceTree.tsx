import { Text } from "@mantine/core";
import { api, type Schemas } from "../../api/client";
import { useMay } from "../../session/useSession";
import { RouteLink } from "../../ui/RouteLink";
import { useWords } from "../../words/words";
import classes from "./device.module.css";

type Place = Schemas["PlaceBrief"];

/** The places from the site down to this one; the last is a link. */
export function PlaceTree({ place }: { place: Place }) {
  const places = usePlaces();
  const path = places ? pathTo(place, places) : undefined;
  if (!path) return <Text size="sm">{place.words}</Text>;
  return <Level path={path} />;
}

function Level({ path }: { path: Place[] }) {
  const say = useWords();
  const [here, ...below] = path;
  if (!here) return null;
  return (
    <ul className={classes.tree}>
      <li>
        {below.length === 0 ? (
          <RouteLink to={`/places/${here.id}`} size="sm" fw={600}>
            {here.name}
          </RouteLink>
        ) : (
          here.name
        )}{" "}
        <Text span size="xs" c="dimmed">
          {say("placeKind", here.kind)}
        </Text>
        <Level path={below} />
      </li>
    </ul>
  );
}

/** Every place by its id; undefined until they are read. */
export function usePlaces(): Map<string, Schemas["PlaceView"]> | undefined {
  const may = useMay();
  const { data } = api.useQuery(
    "get",
    "/api/v1/places",
    {},
    {
      enabled: may("places.read"),
      staleTime: 60_000,
      meta: { live: false },
      select: (page) => new Map(page.items.map((place) => [place.id, place] as const)),
    },
  );
  return data;
}

function pathTo(place: Place, places: Map<string, Schemas["PlaceView"]>): Place[] {
  const path: Place[] = [];
  for (let at = places.get(place.id); at && path.length < 8; at = places.get(at.parent_id)) path.unshift(at);
  return path.length > 0 ? path : [place];
}
