/**
 * Tests that share one proxy, since each start takes a while: every one begins with no calls and the API's usual
 * answer.
 */
import { after, test } from "node:test";
import type { TestContext } from "node:test";
import { startProxy, withFreshLog } from "./proxy.ts";
import type { Proxy } from "./proxy.ts";
import { startUpstream } from "./upstream.ts";
import type { Upstream } from "./upstream.ts";

export interface Scene {
  readonly t: TestContext;
  readonly upstream: Upstream;
  readonly proxy: Proxy;
  /** How often, in this test, the proxy has told a process a whole history. */
  countReplays(): number;
}

type Run = (scene: Scene) => Promise<void>;

const isReplay = (line: string): boolean => line.includes("started claude") && line.includes("as=replay");

/**
 * Gives the function that declares tests around one proxy with these arguments, which starts with the first of them and
 * ends with the file.
 */
export function shareProxy(title: string, ...args: readonly string[]): (name: string, run: Run) => void {
  const ends: (() => void | Promise<void>)[] = [];
  const scope = { after: (end: () => void | Promise<void>): void => void ends.unshift(end) };
  // Registered here and not at the start: `after` called within a test belongs to that test.
  after(async () => {
    for (const end of ends) await end();
  });
  let shared: Promise<readonly [Upstream, Proxy]> | undefined;
  async function start(): Promise<readonly [Upstream, Proxy]> {
    const upstream = await startUpstream(scope);
    return [upstream, await startProxy(scope, { upstream, args })];
  }
  return (name, run) => {
    void test(`${title}: ${name}`, async (t) => {
      const [upstream, proxy] = await (shared ??= start());
      upstream.reset();
      const now = withFreshLog(proxy);
      await run({ t, upstream, proxy, countReplays: () => now.log.filter(isReplay).length });
    });
  };
}
