import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Loading } from "../ui/QueryView";
import { screens } from "../screens";
import { Broken, NotFound } from "./Fallbacks";
import { guarded } from "./guarded";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const children = screens.map((screen) =>
  createRoute({
    getParentRoute: () => root,
    path: screen.path,
    component: lazyRouteComponent(() => screen.load().then(({ default: component }) => ({ default: guarded(screen, component) }))),
  }),
);

export const router = createRouter({
  routeTree: root.addChildren(children),
  defaultPreload: "intent",
  defaultPendingComponent: Loading,
  defaultErrorComponent: Broken,
  scrollRestoration: true,
});

// The routes come from a table, so addresses are strings to the compiler; the
// tests open every row of it.
