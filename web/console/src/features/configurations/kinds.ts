import type { Schemas } from "../../api/client";
import type { configurationsStrings } from "./strings";

export type Document = Schemas["DocumentView"];
export type Subkind = Document["subkind"];
/** What a document says; each kind has its own members. */
export type Content = Record<string, unknown>;

export type FieldName = keyof (typeof configurationsStrings)["en"]["fields"];

/** One member of a document, and how people enter it. */
export interface Field {
  name: FieldName;
  as: "text" | "long" | "number" | "yes" | "lines" | "certificates" | "choice";
  /** Of a text: its greatest length. Of a number: its bounds. */
  least?: number;
  most?: number;
  needed?: boolean;
  choices?: string[];
}

/** The kinds of documents and their members, in the order of the form. The server checks them once more. */
export const kinds: Record<Subkind, Field[]> = {
  text: [
    { name: "message", as: "long", most: 200, needed: true },
    { name: "phone_number", as: "text", most: 32 },
    { name: "reward", as: "text", most: 80 },
  ],
  policy: [
    { name: "minimum_length", as: "number", least: 4, most: 16, needed: true },
    { name: "alphanumeric", as: "yes" },
    { name: "lock_after_seconds", as: "number", least: 30, most: 3600, needed: true },
    { name: "grace_seconds", as: "number", least: 0, most: 900, needed: true },
    { name: "maximum_failures", as: "number", least: 0, most: 20, needed: true },
    { name: "change_after_days", as: "number", least: 0, most: 730, needed: true },
  ],
  wifi: [
    { name: "ssid", as: "text", most: 32, needed: true },
    { name: "server_names", as: "lines", needed: true },
    { name: "trust_pem", as: "certificates", needed: true },
    { name: "minimum_tls", as: "choice", choices: ["1.2", "1.3"] },
    { name: "hidden", as: "yes" },
    { name: "fixed_mac", as: "yes" },
  ],
  apps: [{ name: "allowed", as: "lines", needed: true }],
  trust: [{ name: "certificates_pem", as: "certificates", needed: true }],
};

export const subkinds = Object.keys(kinds) as Subkind[];

/** What an empty form begins with: nothing is invented, but what must be a number is one. */
export function blank(subkind: Subkind): Content {
  const start: Record<Subkind, Content> = {
    text: { message: "", phone_number: "", reward: "" },
    policy: { minimum_length: 6, alphanumeric: false, lock_after_seconds: 120, grace_seconds: 0, maximum_failures: 0, change_after_days: 0 },
    wifi: { ssid: "", server_names: [], trust_pem: [], minimum_tls: "1.2", hidden: false, fixed_mac: false },
    apps: { allowed: [] },
    trust: { certificates_pem: [] },
  };
  return start[subkind];
}

export function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Takes PEM blocks apart; what is between them stays with the one before, so that the server can say what is wrong. */
export function certificatesIn(text: string): string[] {
  const blocks = text.match(/-----BEGIN [\s\S]*?-----END [^-]+-----/g);
  return blocks ?? (text.trim() ? [text.trim()] : []);
}
