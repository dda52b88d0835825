/** Conversations the server keeps under a name, as a client that sends only what is new speaks to them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { readText, user } from "./answer.ts";
import { startProxy } from "./proxy.ts";
import type { Proxy } from "./proxy.ts";
import { startUpstream, toLastWords } from "./upstream.ts";
import type { Upstream } from "./upstream.ts";

export const NO_SPARES = ["--spares", "0"];

/** Sends one new message of a named conversation. */
export function postNamed(proxy: Proxy, name: string, content: string, rest: object = {}): Promise<Response> {
  return proxy.chat({ model: "sonnet", messages: [user(content)], ...rest }, { headers: { "x-claude-session": name } });
}

/** The same, and gives the answer, which must be a good one. */
export async function sayNamed(proxy: Proxy, name: string, content: string, rest: object = {}): Promise<string> {
  return readText(await postNamed(proxy, name, content, rest));
}

/** An API that answers with the words that were said, so that every history is told from every other. */
export async function startEcho(t: TestContext): Promise<Upstream> {
  const upstream = await startUpstream(t);
  upstream.answer((call) => [{ text: `re ${toLastWords(call)}` }]);
  return upstream;
}

/** Ends the proxy in an orderly way and starts another in the same home. */
export async function restart(t: TestContext, proxy: Proxy, upstream: Upstream): Promise<Proxy> {
  proxy.kill("SIGTERM");
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
  return startProxy(t, { upstream, home: proxy.home, args: NO_SPARES });
}

/** A home for a proxy and its successors. `remove` is for `t.after`, once all of them are started. */
export function makeHome(): { home: string; remove: () => void } {
  const home = mkdtempSync(join(tmpdir(), "claude-max-api-test-"));
  return { home, remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }) };
}
