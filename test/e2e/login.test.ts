/**
 * A login that is lost and found again: refused from memory for a moment, and known to be there after the first good
 * answer, streamed or whole.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Usage } from "../../src/meter/usage.ts";
import { assistant, readError, user } from "../helpers/answer.ts";
import { readHealth } from "../helpers/client.ts";
import { eventually, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import type { Scope } from "../helpers/scope.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { Step, Upstream } from "../helpers/upstream.ts";

const HI = { model: "sonnet", messages: [user("hi")] };

const REFUSED: readonly Step[] = [{ status: 401, type: "authentication_error" }];

/** Asks with a token in this variable, which the API refuses, and checks that everybody is told the cure. */
async function startRefused(t: Scope, upstream: Upstream, name: string): Promise<Proxy> {
  upstream.answer(() => REFUSED);
  const env = { ANTHROPIC_API_KEY: "", [name]: "sk-stale" };
  const proxy = await startProxy(t, { upstream, args: ["--spares", "0"], env });
  const { message, code, status } = await readError(await proxy.chat(HI));
  assert.deepEqual([status, code], [401, "not_logged_in"]);
  assert.match(message, new RegExp(`${name} of the environment .*Run \`unset ${name}\``));
  assert.doesNotMatch(message, /auth login|sk-stale/);
  const { reason, code: health } = await readHealth(proxy);
  assert.match(reason ?? "", new RegExp(`Run \`unset ${name}\``));
  assert.equal(health, 503);
  const { server } = (await (await fetch(`${proxy.url}/usage`)).json()) as Usage;
  assert.equal(server.fix, `unset ${name}`);
  return proxy;
}

test("a refused plan's token is named by its variable, with the cure, by the API and by /health", async (t) => {
  await startRefused(t, await startUpstream(t), "CLAUDE_CODE_OAUTH_TOKEN");
});

test("a refused key is, too; a login found again is known to be there after the first good answer, streamed or whole", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startRefused(t, upstream, "ANTHROPIC_API_KEY");
  const messages = [...HI.messages];
  for (const stream of [true, false]) {
    const calls = upstream.calls.length;
    assert.equal((await proxy.chat(HI)).status, 401);
    assert.equal(upstream.calls.length, calls, "answered from memory");

    upstream.answer(() => [{ text: "Hello world" }]);
    await eventually("the refusal is forgotten", async () => {
      const response = await proxy.chat({ ...HI, messages, stream });
      await response.text();
      return response.ok;
    });
    assert.equal((await readHealth(proxy)).code, 200);

    // Lost once more, in the process that has answered.
    upstream.answer(() => REFUSED);
    messages.push(assistant("Hello world"), user("hi"));
    assert.equal((await proxy.chat({ ...HI, messages })).status, 401);
    assert.equal((await readHealth(proxy)).code, 503);
  }
});
