import { api, rest, type Schemas } from "../api/client";
import { askPasskey, knowsPasskeys } from "./passkey";

/** What a proof of the second factor confirms: exactly this. */
export type Subject = Schemas["AskPasskeyInputBody"];

/** Gives a proof for a subject: a code that was typed, or the answer of a passkey, which is asked then. */
export type Prove = (subject: Subject) => Promise<Schemas["ProofInput"]>;

export const byPasskey: Prove = async (subject) => {
  const { data, error } = await rest.POST("/api/v1/auth/passkeys/question", { body: subject });
  if (!data) throw error;
  return { passkey: await askPasskey(data) };
};

/** With what I can confirm something, here and now. */
export function useMyFactors(): { passkey: boolean; passkeyOnly: boolean } {
  const factors = api.useQuery("get", "/api/v1/auth/factors", {}, { staleTime: 60_000, meta: { live: false } });
  return {
    passkey: knowsPasskeys() && (factors.data?.passkeys.length ?? 0) > 0,
    passkeyOnly: factors.data?.required === "passkey",
  };
}
