/** The built proxy as a child process, its client, and a watch over the CLI processes it has. */
import { openSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "./client.ts";
import type { Client } from "./client.ts";
import { endProcess, readUrl } from "./place.ts";
import type { Place } from "./place.ts";
import { isLiveCli, readChildren } from "./proc.ts";

export interface ProxyOptions {
  readonly claude: string;
  readonly maxSessions?: number;
  readonly maxConcurrent?: number;
  /** 1 unless told. */
  readonly spares?: number | "auto";
  readonly env?: NodeJS.ProcessEnv;
}

/** Counts of CLI processes from start to end. */
export interface Watch {
  readonly peak: number;
  /** max-sessions + max-concurrent + spares. */
  readonly bound: number;
  /** CLI processes that outlived the proxy. */
  readonly left: number;
}

export interface Proxy {
  readonly pid: number;
  /** Its address, without a slash at the end. */
  readonly url: string;
  readonly client: Client;
  /** Settles when so many spares are there. */
  hasSpares(count: number): Promise<void>;
  /** Ends it, and tells what was seen. */
  end(): Promise<Watch>;
}

const BUNDLE = "dist/claude-max-api.cjs";
const SPARES = 1;
/** Of the program, where it decides itself. */
const MOST_SPARES = 4;
const DEFAULT_SESSIONS = 4;
const DEFAULT_CONCURRENT = 4;
const WATCH_MS = 20;
const POLL_MS = 20;

/**
 * Looks at the children all the time. A child's command line is read until it shows a CLI: before `exec` it is the
 * proxy's.
 */
function watchChildren(pid: number): { readonly seen: ReadonlySet<number>; stop(): number } {
  const seen = new Set<number>();
  let peak = 0;
  const timer = setInterval(() => {
    const live = readChildren(pid).filter((child) => seen.has(child) || isLiveCli(child));
    for (const child of live) seen.add(child);
    peak = Math.max(peak, live.length);
  }, WATCH_MS);
  return {
    seen,
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}

/** Starts the proxy and waits until it listens. */
export async function startProxy(place: Place, options: ProxyOptions): Promise<Proxy> {
  const { claude, maxSessions = DEFAULT_SESSIONS, maxConcurrent = DEFAULT_CONCURRENT, spares = SPARES } = options;
  const settings = {
    port: 0,
    spares,
    "max-sessions": maxSessions,
    "max-concurrent": maxConcurrent,
    claude,
    workspace: place.workspace,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const log = openSync(join(place.home, "proxy.log"), "a");
  const child = place.start(process.execPath, [BUNDLE, ...args], {
    env: { ...place.env, ...options.env },
    stdio: ["ignore", "pipe", log],
  });
  const pid = child.pid ?? 0;
  const url = await readUrl(child);
  const client = createClient(url);
  const watch = watchChildren(pid);
  return {
    pid,
    url,
    client,
    async hasSpares(count) {
      for (;;) {
        const { sessions } = (await client.read("/health")) as { sessions: { spare: number } };
        if (sessions.spare >= count) return;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    async end() {
      client.close();
      const peak = watch.stop();
      await endProcess(child);
      const bound = maxSessions + maxConcurrent + (spares === "auto" ? MOST_SPARES : spares);
      return { peak, bound, left: [...watch.seen].filter(isLiveCli).length };
    },
  };
}
