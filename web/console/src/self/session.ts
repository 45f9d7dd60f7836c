import { useSyncExternalStore } from "react";
import createQueryHooks from "openapi-react-query";
import { anyone, clientFor, type Schemas } from "./client";

export type Self = Schemas["SelfView"];

interface State {
  phase: "starting" | "out" | "in";
  me?: Self;
}

interface Grant {
  token: string;
  ends: number;
}

/** A refresh cookie is good once: two tabs that use it at a time end the session. */
function oneTabAtATime<R>(work: () => Promise<R>): Promise<R> {
  return navigator.locks ? (navigator.locks.request("wardline-self-refresh", work) as Promise<R>) : work();
}

/**
 * Who is signed in to self-service. The access token lives in memory alone; the
 * cookie is out of reach of scripts and lasts half an hour.
 */
class SelfSession {
  private state: State = { phase: "starting" };
  private grant?: Grant;
  private refreshing?: Promise<boolean>;
  private listeners = new Set<() => void>();

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): State => this.state;

  private set(state: State): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  async start(): Promise<void> {
    if (this.state.phase !== "starting") return;
    try {
      if (await this.refresh()) return await this.readMe();
    } catch {
      // Without network nobody is signed in; a loss can be reported all the same.
    }
    this.set({ phase: "out" });
  }

  /** Throws the server's problem when the sign-in is refused. */
  async signIn(body: { username: string; password: string; otp?: string }): Promise<void> {
    const { data, error } = await anyone.POST("/api/v1/self/sign-in", { body });
    if (error) throw error;
    this.keep(data);
    await this.readMe();
  }

  async signOut(): Promise<void> {
    try {
      await mine.POST("/api/v1/self/sign-out", {});
    } finally {
      this.grant = undefined;
      this.set({ phase: "out" });
    }
  }

  /** A token that is good now; undefined when the session has ended. */
  token = async (): Promise<string | undefined> => {
    if (this.grant && this.grant.ends > Date.now()) return this.grant.token;
    if (this.grant && (await this.refresh())) return this.grant?.token;
    if (this.state.phase === "in") this.set({ phase: "out" });
    return undefined;
  };

  private async readMe(): Promise<void> {
    const { data } = await mine.GET("/api/v1/self/me", {});
    this.set(data ? { phase: "in", me: data } : { phase: "out" });
  }

  private refresh(): Promise<boolean> {
    this.refreshing ??= oneTabAtATime(async () => {
      const { data, error, response } = await anyone.POST("/api/v1/self/refresh", {});
      if (data) this.keep(data);
      else this.grant = undefined;
      // Only a no to this session ends it; a server that is busy or away does not.
      if (error && response.status !== 401) throw error;
      return data !== undefined;
    }).finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private keep(answer: Schemas["TokenAnswer"]): void {
    // A fifth of its life is left for slow requests and clocks.
    this.grant = { token: answer.access_token, ends: Date.now() + answer.expires_in * 800 };
  }
}

export const session = new SelfSession();

/** The operations as the person who is signed in. */
export const mine = clientFor(session.token);
export const self = createQueryHooks(mine);

export function useSelf(): State {
  return useSyncExternalStore(session.subscribe, session.snapshot);
}
