import {
  IconAntennaBarsOff,
  IconBell,
  IconBriefcaseOff,
  IconCertificateOff,
  IconCertificate,
  IconCurrentLocation,
  IconEraser,
  IconFileText,
  IconKeyOff,
  IconLock,
  IconLockOpen,
  IconMapPinOff,
  IconMapSearch,
  IconMessage,
  IconPackageExport,
  IconQuestionMark,
  IconRefresh,
  IconReload,
  IconStackPop,
  type Icon,
} from "@tabler/icons-react";
import type { Device, Kind } from "./openAction";

/** Where a kind stands among the actions of a device, and how it looks. */
interface Look {
  Icon: Icon;
  /** button: always in sight. menu: under "More". */
  place: "button" | "menu";
}

/** In the order in which they are offered. What is not in it is asked elsewhere: it carries a document. */
const looks: Partial<Record<Kind, Look>> = {
  locate: { Icon: IconCurrentLocation, place: "button" },
  ring: { Icon: IconBell, place: "button" },
  message: { Icon: IconMessage, place: "button" },
  lock: { Icon: IconLock, place: "button" },
  unlock: { Icon: IconLockOpen, place: "button" },
  lost_mode_on: { Icon: IconMapSearch, place: "button" },
  lost_mode_off: { Icon: IconMapPinOff, place: "button" },
  restart: { Icon: IconReload, place: "button" },
  wipe: { Icon: IconEraser, place: "button" },
  remove_work_data: { Icon: IconBriefcaseOff, place: "button" },
  refresh: { Icon: IconRefresh, place: "menu" },
  collect_logs: { Icon: IconFileText, place: "menu" },
  renew_certificate: { Icon: IconCertificate, place: "menu" },
  unstage: { Icon: IconStackPop, place: "menu" },
  clear_passcode: { Icon: IconKeyOff, place: "menu" },
  contain: { Icon: IconAntennaBarsOff, place: "menu" },
  revoke: { Icon: IconCertificateOff, place: "menu" },
  decommission: { Icon: IconPackageExport, place: "menu" },
  write_off: { Icon: IconQuestionMark, place: "menu" },
};

const order = Object.keys(looks);

export function lookOf(kind: string): Look {
  return looks[kind as Kind] ?? { Icon: IconFileText, place: "menu" };
}

/** In sight is what is asked most: of a person's own phone that is the removal of work data, of the others the wipe. */
export function inSight(kind: Kind, device: Pick<Device, "class">): boolean {
  if (kind === "remove_work_data") return device.class === "phone_personal";
  return lookOf(kind).place === "button";
}

/** What is confirmed for each device by itself is not asked of several. */
export function alone(kind: string): boolean {
  return kind === "revoke" || kind === "write_off";
}

/** In the order in which people are shown them. */
export function inOrder<T extends { kind: string }>(offers: T[]): T[] {
  return offers.filter((offer) => order.includes(offer.kind)).sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** What would change nothing is not offered: a phone that says it is locked is unlocked, not locked again. */
export function makesSense(kind: Kind, device: Pick<Device, "class" | "locked" | "lost_mode" | "certificate" | "holds" | "stage">): boolean {
  switch (kind) {
    case "lock":
      return !device.locked;
    case "unlock":
      return device.locked;
    case "lost_mode_on":
      return !device.lost_mode;
    case "lost_mode_off":
      return device.lost_mode;
    case "contain":
      return device.certificate?.status !== "contained" && device.certificate?.status !== "revoked";
    case "revoke":
      return !!device.certificate && device.certificate.status !== "revoked";
    case "decommission":
      // Of a pump it is the end of a round that begins with the order to retire it.
      return !device.class.startsWith("pump_") || device.stage === "decommissioning";
    case "write_off":
      return device.holds.some((hold) => hold.kind === "lost");
  }
  return true;
}
