import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { rest } from "../../api/client";
import { problemOf, type Problem } from "../../api/problem";
import type { Prove } from "../../session/factors";
import { wasClosed } from "../../session/passkey";

/** What a step-up is for: one device, or one batch that the server has named. */
type Subject = { device_id: string } | { batch_id: string };

type Headers = { "Idempotency-Key": string; "Wardline-Step-Up"?: string };

/** A second factor. The server names a batch only in its first answer, so its subject may be missing. */
interface Proof {
  prove: Prove;
  subject?: Subject;
}

const stepUpRequired = "step_up_required";

/**
 * Asks for something that may need a second factor. The same request keeps its
 * key over all attempts, so that it happens once however often it is sent; a
 * step-up that was given is used again until the server wants another one.
 */
export function useAsk<Answer>() {
  const queries = useQueryClient();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const [wanted, setWanted] = useState(false);
  const proof = useRef<string>(undefined);
  const sent = useRef({ content: "", key: "" });

  const stepUp = async (prove: Prove, subject: Subject) => {
    const { data, error } = await rest.POST("/api/v1/auth/step-up", { body: { ...(await prove(subject)), ...subject } });
    if (error) throw error;
    proof.current = data.step_up;
  };

  /** content names the request: another content is another request. send throws the server's problem. */
  const ask = async (content: string, send: (headers: Headers) => Promise<Answer>, given?: Proof): Promise<Answer | undefined> => {
    if (sent.current.content !== content) sent.current = { content, key: crypto.randomUUID() };
    const attempt = () => send({ "Idempotency-Key": sent.current.key, ...(proof.current && { "Wardline-Step-Up": proof.current }) });
    setBusy(true);
    setProblem(undefined);
    try {
      if (given?.subject && !proof.current) await stepUp(given.prove, given.subject);
      try {
        return await attempt();
      } catch (error) {
        const no = problemOf(error) as Problem & { batch_id?: string };
        if (no.code !== stepUpRequired || given?.subject || !given || !no.batch_id) throw error;
        await stepUp(given.prove, { batch_id: no.batch_id });
        return await attempt();
      }
    } catch (error) {
      if (wasClosed(error)) return undefined;
      const no = problemOf(error);
      if (no.code === stepUpRequired) {
        proof.current = undefined;
        setWanted(true);
      }
      setProblem(no);
      return undefined;
    } finally {
      setBusy(false);
      void queries.invalidateQueries();
    }
  };
  return { ask, problem, busy, wanted };
}
