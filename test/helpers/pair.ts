/**
 * A scripted API and a proxy before it, shared by the tests of a file: a start takes a second that no test is about.
 */
import { after } from "node:test";
import { readStarts, untilEnded } from "./client.ts";
import { killAny } from "./processes.ts";
import { eventually, startProxy, withFreshLog } from "./proxy.ts";
import type { Proxy } from "./proxy.ts";
import { createScope } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { startUpstream } from "./upstream.ts";
import type { Upstream } from "./upstream.ts";

export interface Pair {
  readonly upstream: Upstream;
  readonly proxy: Proxy;
}

interface Shared extends Pair {
  /** A test has it now. */
  isTaken: boolean;
  /** It was killed, or has ended by itself. */
  isDead: boolean;
}

const file = createScope();
// Registered while the file is loaded: `after` called within a test belongs to that test.
after(() => file.end());
const pairs = new Map<string, Shared[]>();

async function start(args: readonly string[]): Promise<Shared> {
  const upstream = await startUpstream(file);
  const proxy = await startProxy(file, { upstream, args });
  const shared = { upstream, proxy, isTaken: false, isDead: false };
  void proxy.exited.then(() => (shared.isDead = true));
  return shared;
}

/** Ends what an earlier test has left in it: API calls that hang, turns, and processes that know its conversations. */
async function clear({ upstream, proxy }: Pair): Promise<void> {
  const pids = proxy.children();
  killAny(pids);
  // The proxy is to know it too; a process that learns notes is not in its log.
  const started = readStarts(proxy).filter((start) => pids.includes(start.pid));
  for (const { pid } of started) await untilEnded(proxy, pid);
  await eventually("no process of an earlier test is left", () => proxy.children().length === 0);
  upstream.reset();
}

/** The proxy as one test sees it: its log begins with the test. */
function toView(shared: Shared): Proxy {
  const { proxy } = shared;
  const kill: Proxy["kill"] = (signal) => {
    shared.isDead = true;
    proxy.kill(signal);
  };
  // Not spread, which would read the log once and for all.
  return Object.assign(withFreshLog(proxy), { kill });
}

/**
 * Gives the test an API without calls and script, and a proxy without processes, begun with `--spares 0` and these
 * arguments: every process in the log is a conversation's. A proxy that a test has killed is replaced for the next. For
 * what a proxy remembers otherwise (refusals, catalogue, files of its home), and for spares, use `startUpstream` and
 * `startProxy`.
 */
export async function startPair(t: Scope, ...args: readonly string[]): Promise<Pair> {
  const key = JSON.stringify(args);
  const all = pairs.get(key) ?? [];
  pairs.set(key, all);
  let shared = all.find(({ isTaken, isDead }) => !isTaken && !isDead);
  if (shared) await clear(shared);
  else all.push((shared = await start(["--spares", "0", ...args])));
  shared.isTaken = true;
  t.after(() => void (shared.isTaken = false));
  return { upstream: shared.upstream, proxy: toView(shared) };
}
