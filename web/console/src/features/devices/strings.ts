import { defineStrings } from "../../i18n/strings";

export const devicesStrings = defineStrings(
  "devices",
  {
    title: "Devices",
    columns: { device: "Device", class: "Class", owner: "Holder", place: "Place", state: "State", lastSeen: "Last heard of" },
    empty: "No device matches",
    emptyText: "Nothing in the inventory matches this search.",
  },
  {
    title: "Geräte",
    columns: { device: "Gerät", class: "Klasse", owner: "Inhaber", place: "Ort", state: "Zustand", lastSeen: "Zuletzt gehört" },
    empty: "Kein Gerät passt",
    emptyText: "Nichts im Bestand passt zu dieser Suche.",
  },
);
