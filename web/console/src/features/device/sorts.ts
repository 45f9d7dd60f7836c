import {
  IconActivity,
  IconCertificate,
  IconDroplet,
  IconEye,
  IconFileDescription,
  IconListCheck,
  IconLock,
  IconMapPin,
  IconSettings,
  type Icon,
} from "@tabler/icons-react";

/** The sorts of what happens, by which a timeline is filtered. */
export const sorts = ["commands", "reports", "places", "record", "trust"] as const;
export type Sort = (typeof sorts)[number];

const ofNoun: Record<string, Sort> = {
  command: "commands",
  step_up: "commands",
  reported: "reports",
  seen: "places",
  location: "places",
  certificate: "trust",
  enrollment: "trust",
  scep: "trust",
  alert: "trust",
  break_glass: "trust",
};

const ofAction: Record<string, Sort> = {
  "device.contained": "trust",
  "device.released": "trust",
  "device.revoked": "trust",
  "device.question_left": "commands",
  "device.question_answered": "commands",
};

export function sortOf(action: string): Sort {
  return ofAction[action] ?? ofNoun[action.split(".")[0] ?? ""] ?? "record";
}

const icons: Record<Sort, Icon> = {
  commands: IconListCheck,
  reports: IconActivity,
  places: IconMapPin,
  record: IconFileDescription,
  trust: IconCertificate,
};

const special: Record<string, Icon> = {
  "reported.therapy": IconDroplet,
  "reported.locked": IconLock,
  "reported.lost_mode": IconLock,
  "location.seen": IconEye,
};

export function lookOf(action: string): { Icon: Icon } {
  return { Icon: special[action] ?? (action.endsWith("_version") ? IconSettings : icons[sortOf(action)]) };
}
