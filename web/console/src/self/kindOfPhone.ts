/** What sort of phone it is; managed: the Wardline agent can run on it. */
export type PhoneKind = "iphone" | "android" | "managed" | "other";

/** What this browser says of the phone that it runs on. People correct it. */
export function kindOfPhone(agent: string = navigator.userAgent): PhoneKind {
  if (/iPhone|iPad|iPod/.test(agent)) return "iphone";
  if (/Android/.test(agent)) return "android";
  if (/Linux/.test(agent)) return "managed";
  return "other";
}
