import type { QueryClient } from "@tanstack/react-query";
import { createParser } from "eventsource-parser";
import { session } from "../session/session";

export type LiveState = "connecting" | "on" | "down";

/** What the event stream says: that something happened, not what it came to. */
export interface Notice {
  seq: number;
  action: string;
  actor: string;
  device_id?: string;
  command_id?: string;
  subject?: string;
}

const slowest = 30_000;
/** A stream that says nothing for this long, not even its heart-beat of 15 s, is dead. */
const silence = 40_000;

/**
 * Keeps what is on the screen true: it follows the event stream and has read
 * anew what a notice is about. EventSource cannot send an access token, so the
 * stream is read by fetch; a place in the stream is kept over reconnections.
 */
class Live {
  private state: LiveState = "connecting";
  private listeners = new Set<() => void>();
  private followers = new Set<(notice: Notice) => void>();
  private lastId = "";

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): LiveState => this.state;

  /** Calls with each notice until the answer is called. */
  follow(follower: (notice: Notice) => void): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }

  private set(state: LiveState): void {
    if (this.state === state) return;
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  /** Follows the stream until the signal; reads everything anew after each gap that the stream cannot close. */
  async run(client: QueryClient, signal: AbortSignal): Promise<void> {
    const stop = this.follow(refresher(client, signal));
    for (let wait = 1_000; !signal.aborted; wait = Math.min(wait * 2, slowest)) {
      try {
        await this.read(client, signal, () => (wait = 500));
      } catch {
        if (!signal.aborted) this.set("down");
      }
      await pause(wait * (0.5 + Math.random()), signal);
    }
    stop();
  }

  private async read(client: QueryClient, signal: AbortSignal, opened: () => void): Promise<void> {
    const token = await session.token();
    const gone = new AbortController();
    const both = AbortSignal.any([signal, gone.signal]);
    const response = await fetch("/api/v1/events", {
      headers: { Authorization: `Bearer ${token}`, Accept: "text/event-stream", ...(this.lastId && { "Last-Event-ID": this.lastId }) },
      signal: both,
    });
    if (response.status === 401) session.reject(token);
    if (!response.ok || !response.body) throw new Error(`events: ${response.status}`);
    if (this.state === "down") void client.invalidateQueries();
    this.set("on");
    opened();
    const parser = createParser({ onEvent: (event) => this.hear(client, event.event, event.id, event.data) });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let watch: ReturnType<typeof setTimeout> | undefined;
    try {
      for (;;) {
        clearTimeout(watch);
        watch = setTimeout(() => gone.abort(), silence);
        const { done, value } = await reader.read();
        if (done) return; // the server ends a stream from time to time; it goes on where it was
        parser.feed(value);
      }
    } finally {
      clearTimeout(watch);
    }
  }

  private hear(client: QueryClient, event: string | undefined, id: string | undefined, data: string): void {
    if (id) this.lastId = id;
    if (event === "reset") {
      void client.invalidateQueries();
      return;
    }
    let notice: Notice;
    try {
      notice = JSON.parse(data) as Notice;
    } catch {
      return; // not for us
    }
    if (notice.action) for (const follower of this.followers) follower(notice);
  }
}

export const live = new Live();

/** Gathers notices for half a second and has read anew what they touch: ten thousand notices are one reading. */
function refresher(client: QueryClient, signal: AbortSignal): (notice: Notice) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const apply = () => {
    timer = undefined;
    void client.invalidateQueries({ predicate: (query) => query.meta?.live !== false && query.isActive(), refetchType: "active" });
  };
  return () => {
    if (!signal.aborted) timer ??= setTimeout(apply, 500);
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((go) => {
    const timer = setTimeout(go, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      go();
    });
  });
}
