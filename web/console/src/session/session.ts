import createFetchClient from "openapi-fetch";
import type { components, paths } from "../api/schema";
import { askPasskey } from "./passkey";

export type Me = components["schemas"]["Me"];
export type Permission = Me["permissions"][number];

/**
 * starting: not known yet. out: nobody is signed in. in: signed in. expired: the
 * session ended while somebody was at work; what they see and typed stays.
 */
export type Phase = "starting" | "out" | "in" | "expired";

export interface SessionState {
  phase: Phase;
  me?: Me;
}

interface Grant {
  token: string;
  /** By this browser's clock, in milliseconds. */
  ends: number;
}

const anonymous = createFetchClient<paths>({ baseUrl: location.origin });
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("wardline-session") : undefined;

/** A refresh cookie is good once: two tabs that use it at a time end the session. */
function oneTabAtATime<R>(work: () => Promise<R>): Promise<R> {
  return navigator.locks ? (navigator.locks.request("wardline-refresh", work) as Promise<R>) : work();
}

/**
 * Who is signed in, and the access token that their requests carry. The token
 * lives in memory alone; the refresh cookie is out of reach of scripts.
 */
class Session {
  private state: SessionState = { phase: "starting" };
  private grant?: Grant;
  private refreshing?: Promise<boolean>;
  private waiting: (() => void)[] = [];
  private listeners = new Set<() => void>();

  constructor() {
    channel?.addEventListener("message", (event) => {
      if (event.data === "signed-out" && this.state.phase !== "out") this.leave();
    });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): SessionState => this.state;

  private set(state: SessionState): void {
    this.state = state;
    if (state.phase === "in") for (const go of this.waiting.splice(0)) go();
    for (const listener of this.listeners) listener();
  }

  /** Goes on with the session of an earlier visit, if there is one. */
  async start(): Promise<void> {
    try {
      if (await this.refresh()) return await this.readMe();
    } catch {
      // Without the server there is nothing to go on with; signing in will say why.
    }
    this.set({ phase: "out" });
  }

  /** Throws the server's problem when the sign-in is refused. */
  async signIn(body: components["schemas"]["LoginInputBody"]): Promise<void> {
    const { data, error } = await anonymous.POST("/api/v1/auth/login", { body });
    if (error) throw error;
    await this.accept(data);
  }

  /** Signs in with whatever passkey the browser has, without user name and password. */
  async signInByPasskey(): Promise<void> {
    const { data, error } = await anonymous.POST("/api/v1/auth/passkeys/sign-in-question", {});
    if (error) throw error;
    await this.signIn({ username: "", password: "", passkey: await askPasskey(data) });
  }

  /** Takes over what a sign-in by any factor has brought. */
  async accept(answer: components["schemas"]["TokenAnswer"]): Promise<void> {
    this.keep(answer);
    await this.readMe();
  }

  async signOut(): Promise<void> {
    const token = this.grant?.token;
    channel?.postMessage("signed-out");
    try {
      if (token) await anonymous.POST("/api/v1/auth/logout", { headers: { Authorization: `Bearer ${token}` } });
    } finally {
      this.leave();
    }
  }

  /** Everything that was read belongs to the person who left: the page begins anew. */
  private leave(): void {
    this.grant = undefined;
    location.assign("/");
  }

  /** A token that is good now; waits while nobody is signed in. */
  async token(): Promise<string> {
    for (;;) {
      if (this.grant && this.grant.ends > Date.now()) return this.grant.token;
      if (this.state.phase === "in" && (await this.refresh())) continue;
      if (this.state.phase === "in") this.set({ ...this.state, phase: "expired" });
      await new Promise<void>((go) => this.waiting.push(go));
    }
  }

  /** The server did not take this token: another one is needed. */
  reject(token: string): void {
    if (this.grant?.token === token) this.grant = undefined;
  }

  /** Reads who I am anew, after rights or factors changed. */
  async readMe(): Promise<void> {
    const token = this.grant?.token;
    const { data } = await anonymous.GET("/api/v1/auth/me", { headers: { Authorization: `Bearer ${token}` } });
    if (!data) return this.set({ phase: "out" });
    const before = this.state.me;
    if (before && before.id !== data.id) return location.assign("/"); // another person: nothing of the first stays
    this.set({ phase: "in", me: data });
  }

  private refresh(): Promise<boolean> {
    this.refreshing ??= this.exchange().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private exchange(): Promise<boolean> {
    return oneTabAtATime(async () => {
      const { data, error, response } = await anonymous.POST("/api/v1/auth/refresh", {});
      if (data) this.keep(data);
      // Only a no to this session ends it; a server that is busy or away does not.
      if (error && response.status !== 401) throw error;
      return data !== undefined;
    });
  }

  private keep(answer: components["schemas"]["TokenAnswer"]): void {
    // A fifth of its life is left for slow requests and clocks.
    this.grant = { token: answer.access_token, ends: Date.now() + answer.expires_in * 800 };
  }
}

export const session = new Session();
