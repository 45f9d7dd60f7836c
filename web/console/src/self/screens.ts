import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import type { selfStrings } from "./strings";

/** One screen of self-service. What is not in this table does not exist; the tests walk it. */
export interface SelfScreen {
  /** Below /self, as the router writes it: /devices/:id. */
  path: string;
  /** Its heading. */
  name: keyof (typeof selfStrings)["en"]["screens"];
  /** Without a session the sign-in comes first. */
  signedIn: boolean;
  /** Stands on the first screen, in this order. */
  tile?: boolean;
  page: LazyExoticComponent<ComponentType>;
  /** For a screen on a wall: as wide as there is room, and nobody is signed in on it. */
  wall?: boolean;
}

export const selfScreens: SelfScreen[] = [
  { path: "/lost", name: "lost", signedIn: false, tile: true, page: lazy(() => import("./pages/LostPage")) },
  { path: "/handhelds", name: "handhelds", signedIn: true, tile: true, page: lazy(() => import("./pages/HandheldsPage")) },
  { path: "/station", name: "station", signedIn: false, wall: true, page: lazy(() => import("./pages/StationPage")) },
  { path: "/found", name: "found", signedIn: true, tile: true, page: lazy(() => import("./pages/FoundPage")) },
  { path: "/register", name: "register", signedIn: true, tile: true, page: lazy(() => import("./pages/RegisterPage")) },
  { path: "/devices", name: "devices", signedIn: true, tile: true, page: lazy(() => import("./pages/DevicesPage")) },
  { path: "/devices/:id", name: "device", signedIn: true, page: lazy(() => import("./pages/DevicePage")) },
];
