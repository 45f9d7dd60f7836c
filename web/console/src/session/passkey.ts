import type { components } from "../api/schema";

type Question = components["schemas"]["PasskeyQuestion"];
export type PasskeyAnswer = components["schemas"]["PasskeyAnswer"];

/** Whether this browser, on this page, knows passkeys. */
export function knowsPasskeys(): boolean {
  return typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/** Somebody closed the browser's dialog, or waited too long: no error worth a word. */
export function wasClosed(error: unknown): boolean {
  return error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "AbortError");
}

/** Makes a passkey as the server asks for it. */
export async function makePasskey({ ceremony, public_key }: Question): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(public_key as PublicKeyCredentialCreationOptionsJSON);
  return answer(ceremony, await navigator.credentials.create({ publicKey }));
}

/** Has a passkey answer the server's question. */
export async function askPasskey({ ceremony, public_key }: Question): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(public_key as PublicKeyCredentialRequestOptionsJSON);
  return answer(ceremony, await navigator.credentials.get({ publicKey }));
}

function answer(ceremony: string, credential: Credential | null): PasskeyAnswer {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
  return { ceremony, credential: credential.toJSON() };
}
