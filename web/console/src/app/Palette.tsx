import { useHotkeys, useWindowEvent } from "@mantine/hooks";
import { lazy, Suspense, useState } from "react";

const PaletteDialog = lazy(() => import("./PaletteDialog"));
const wanted = "wardline-palette";

export const openPalette = () => window.dispatchEvent(new Event(wanted));

/** Everything there is to do or to go to, by typing: Ctrl or Command and K. It is loaded when it is first wanted. */
export function Palette() {
  const [opening, setOpening] = useState(0);
  useWindowEvent(wanted, () => setOpening((n) => n + 1));
  useHotkeys([["mod+K", openPalette]], []);
  return <Suspense fallback={null}>{opening > 0 && <PaletteDialog opening={opening} />}</Suspense>;
}
