import { useWindowEvent } from "@mantine/hooks";
import { useState } from "react";
import { later } from "./later";
import { firstNotice } from "./notify";

const Notifications = later(() => import("@mantine/notifications").then((module) => module.Notifications));

/** Where what notify.ts says is shown, whatever screen is open. */
export function NotificationCorner() {
  const [wanted, setWanted] = useState(false);
  useWindowEvent(firstNotice, () => setWanted(true));
  return wanted ? <Notifications position="bottom-right" /> : null;
}
