import { api, type Schemas } from "../../api/client";

export type Place = Schemas["PlaceView"];
export type PlaceKind = Place["kind"];

/** A place with what lies below it. */
export interface Node {
  place: Place;
  children: Node[];
  /** Devices in it and in everything below it. */
  devices: number;
}

/** The levels of the tree, from the top. */
export const levels: PlaceKind[] = ["site", "building", "floor", "ward"];

/** What may be added below a place of this kind; undefined below a ward. */
export function kindBelow(kind: PlaceKind | undefined): PlaceKind | undefined {
  return kind === undefined ? levels[0] : levels[levels.indexOf(kind) + 1];
}

/** What a place of this kind stands in; undefined for a site. */
export function kindAbove(kind: PlaceKind): PlaceKind | undefined {
  return levels[levels.indexOf(kind) - 1];
}

/** All places, as the server lists them: sites first, then by name. */
export function usePlaces() {
  return api.useQuery("get", "/api/v1/places");
}

/** Makes a tree of the list; the order among siblings is the list's. */
export function treeOf(places: Place[]): Node[] {
  const nodes = new Map(places.map((place) => [place.id, { place, children: [], devices: place.devices } as Node]));
  const roots: Node[] = [];
  for (const node of nodes.values()) (nodes.get(node.place.parent_id)?.children ?? roots).push(node);
  const sum = (node: Node): number => (node.devices = node.children.reduce((n, child) => n + sum(child), node.place.devices));
  roots.forEach(sum);
  return roots;
}

/** The node of a place anywhere in the tree. */
export function find(roots: Node[], id: string): Node | undefined {
  for (const node of roots) {
    const hit = node.place.id === id ? node : find(node.children, id);
    if (hit) return hit;
  }
  return undefined;
}

/** The way from the site down to the place. */
export function pathTo(places: Place[], id: string): Place[] {
  const path: Place[] = [];
  for (let at = places.find((p) => p.id === id); at; at = places.find((p) => p.id === at?.parent_id)) {
    if (path.length === levels.length) break;
    path.unshift(at);
  }
  return path;
}

/** Keeps the places whose name, or the way to which, holds every word, with what is above them. */
export function matching(roots: Node[], q: string): Node[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return roots;
  return roots.flatMap((node) => {
    const hit = words.every((word) => node.place.words.toLowerCase().includes(word));
    const named = words.some((word) => node.place.name.toLowerCase().includes(word));
    const children = matching(node.children, q);
    if (hit && named) return [{ ...node, children: children.length > 0 ? children : node.children }];
    return children.length > 0 ? [{ ...node, children }] : [];
  });
}
