/** The connection to the server: the key, the stream of `/usage/events`, and coming back when the server does. */
import type { Usage, UsageChange } from "../meter/usage.ts";
import { applyChange } from "./merge.ts";
import { readEvents } from "./sse.ts";

/** Listeners of the event stream. */
export interface LiveOptions {
  readonly onUsage: (usage: Usage) => void;
  /** The server does not answer; it is asked again at this time, in Unix milliseconds. */
  readonly onLost: (againAtMs: number) => void;
  /** The server wants a key, or another one than `wrong`. Settles with what the user gives. */
  readonly askKey: (wrong: string | undefined) => Promise<string>;
}

/** The event stream, opened again by itself after each loss. */
export interface Live {
  /** Asks the server with the key, if there is one. @throws TypeError when it does not answer. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** True once the user has given a key. */
  readonly hasKey: boolean;
  /** Connects, and again whenever the connection ends. Never settles. */
  run(): Promise<never>;
}

const KEY_ITEM = "claude-max-api-key";
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 10_000;
/** The server writes at least a comment every 15 s; a connection that is silent for longer is dead. */
const SILENCE_MS = 40_000;

/** A wait that ends early when the page is looked at again or the network is back. */
function waitFor(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const early = new AbortController();
    const end = (): void => {
      early.abort();
      resolve();
    };
    const { signal } = early;
    setTimeout(end, ms);
    addEventListener("online", end, { signal });
    document.addEventListener("visibilitychange", () => document.hidden || end(), { signal });
  });
}

/** Makes the connection of this tab. */
export function createLive({ onUsage, onLost, askKey }: LiveOptions): Live {
  let key = sessionStorage.getItem(KEY_ITEM) ?? undefined;

  function request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
    return fetch(path, { ...init, headers, cache: "no-store" });
  }

  async function follow(onOpen: () => void): Promise<void> {
    const response = await request("/usage/events");
    if (response.status === 401) {
      key = await askKey(key);
      sessionStorage.setItem(KEY_ITEM, key);
      return onOpen();
    }
    if (!response.ok || !response.body) throw new Error(`The server answers with ${response.status}`);
    let usage: Usage | undefined;
    for await (const { event, data } of readEvents(response.body, SILENCE_MS)) {
      onOpen();
      if (event === "usage") usage = JSON.parse(data) as Usage;
      else if (usage) usage = applyChange(usage, JSON.parse(data) as UsageChange);
      if (usage) onUsage(usage);
    }
    throw new Error("The connection has ended");
  }

  return {
    request,
    get hasKey() {
      return key !== undefined;
    },
    async run() {
      for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
        try {
          await follow(() => void (waitMs = FIRST_WAIT_MS / 2));
        } catch {
          onLost(Date.now() + waitMs);
          await waitFor(waitMs);
        }
      }
    },
  };
}
