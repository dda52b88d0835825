/**
 * A login that is lost and found again: refused from memory for a moment, and known to be there after the first good
 * answer, streamed or whole.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Usage } from "../../src/meter/usage.ts";
import { readError, user } from "../helpers/answer.ts";
import { readHealth } from "../helpers/client.ts";
import { eventually, startProxy } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";

const HI = { model: "sonnet", messages: [user("hi")] };

test("a token that is refused is named by its variable, with the cure, by the API and by /health", async (t) => {
  const upstream = await startUpstream(t);
  upstream.answer(() => [{ status: 401, type: "authentication_error" }]);
  for (const name of ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"]) {
    const env = { ANTHROPIC_API_KEY: "", [name]: "sk-stale" };
    const proxy = await startProxy(t, { upstream, args: ["--spares", "0"], env });
    const { message, code } = await readError(await proxy.chat(HI));
    assert.equal(code, "not_logged_in");
    assert.match(message, new RegExp(`${name} of the environment .*Run \`unset ${name}\``));
    assert.doesNotMatch(message, /auth login|sk-stale/);
    assert.match((await readHealth(proxy)).reason ?? "", new RegExp(`Run \`unset ${name}\``));
    const { server } = (await (await fetch(`${proxy.url}/usage`)).json()) as Usage;
    assert.equal(server.fix, `unset ${name}`);
  }
});

for (const stream of [false, true]) {
  test(`a login found again is known to be there after the first good answer, ${stream ? "streamed" : "as a whole"}`, async (t) => {
    const upstream = await startUpstream(t);
    upstream.answer(() => [{ status: 401, type: "authentication_error" }]);
    const proxy = await startProxy(t, { upstream, args: ["--spares", "0"] });
    assert.equal((await proxy.chat(HI)).status, 401);
    assert.equal((await readHealth(proxy)).code, 503);
    const calls = upstream.calls.length;
    assert.equal((await proxy.chat(HI)).status, 401);
    assert.equal(upstream.calls.length, calls, "answered from memory");

    upstream.answer(() => [{ text: "Hello world" }]);
    await eventually("the refusal is forgotten", async () => {
      const response = await proxy.chat({ ...HI, stream });
      await response.text();
      return response.ok;
    });
    assert.equal((await readHealth(proxy)).code, 200);
  });
}
