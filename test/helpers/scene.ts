/** Tests that share one proxy, since each start takes a while: every one begins with no calls and the API's usual answer. */
import { test } from "node:test";
import type { TestContext } from "node:test";
import { startProxy } from "./proxy.ts";
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

/** Declares the test that holds the others; gives the function that declares those. */
export function shareProxy(title: string): (name: string, run: Run) => void {
  const scenes: (readonly [name: string, run: Run])[] = [];
  test(title, async (t) => {
    const upstream = await startUpstream(t);
    const proxy = await startProxy(t, { upstream });
    for (const [name, run] of scenes) {
      upstream.calls.length = 0;
      upstream.answer(() => [{ text: ["Hello", " world"] }]);
      const { length } = proxy.log;
      await t.test(name, (t) =>
        run({ t, upstream, proxy, countReplays: () => proxy.log.slice(length).filter(isReplay).length }),
      );
    }
  });
  return (name, run) => void scenes.push([name, run]);
}
