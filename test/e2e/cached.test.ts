/** Replays that the prompt cache can read: at the API, what the live process has sent, and then the newest message. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readStarts, untilEnded } from "../helpers/client.ts";
import { startProxy } from "../helpers/proxy.ts";
import { assistant, user } from "../helpers/answer.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { ask, call, result, tool } from "../helpers/tools.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { ApiCall } from "../helpers/upstream.ts";

/**
 * The parts of a call that the cache goes by, in its order, without the marks that say where it ends. The message that
 * carries the mark is written as blocks, the others as strings, which is the same to the API.
 */
function toPrompt({ body }: ApiCall): string {
  const { tools, system } = body;
  const messages = body.messages.map(({ role, content }) => ({
    role,
    content: typeof content === "string" ? [{ type: "text", text: content }] : content,
  }));
  const text = JSON.stringify({ tools, system, messages }, (key, held: unknown) =>
    key === "cache_control" ? undefined : held,
  );
  // Whatever follows is appended to the last list.
  return text.slice(0, -"]}".length);
}

/** Ends the process of the conversation under its next turn. */
async function killLatest(proxy: Proxy): Promise<void> {
  const pid = readStarts(proxy).at(-1)?.pid ?? 0;
  process.kill(pid, "SIGKILL");
  await untilEnded(proxy, pid);
}

for (const model of ["sonnet", "haiku", "claude-opus-4-5-20251101"]) {
  test(`${model}: a replay after hot turns, and one after a replay, begin with all that was sent before`, async (t) => {
    const upstream = await startUpstream(t);
    const proxy = await startProxy(t, { upstream, args: ["--spares", "0"] });
    // A family's id is known once a process has listed the account's models.
    await ask(proxy, { model: "sonnet", messages: [user("hello")] });
    // The first replay is as good as it can be, and has the CLI's notes learned.
    await ask(proxy, { model, messages: [user("a"), assistant("b"), user("c")] });
    await proxy.logged(/learned notes/);

    upstream.reset();
    upstream.answer((_, at) => (at === 1 ? [call("look", { q: "a" }, "toolu1")] : [{ text: `answer ${at}` }]));
    const body = { model, tools: [tool("look")], messages: [user("x".repeat(2000))] as object[] };
    const next = async (...said: object[]): Promise<void> => {
      const answer = await ask(proxy, body);
      body.messages.push(answer.message, ...said);
    };
    await next(user("two"));
    await next(result("toolu1", "saw it"));
    await next(user("four"));
    const known = readStarts(proxy).length;
    await killLatest(proxy);
    await next(user("five"));
    await killLatest(proxy);
    await ask(proxy, body);
    assert.deepEqual(
      readStarts(proxy)
        .slice(known)
        .filter(({ as }) => as === "replay").length,
      2,
    );
    const prompts = upstream.calls.map(toPrompt);
    assert.equal(prompts.length, 5);
    for (const [at, prompt] of prompts.entries()) {
      const before = prompts[at - 1];
      if (before !== undefined) assert.equal(prompt.slice(0, before.length), before, `call ${at} begins otherwise`);
    }
    const notes = readdirSync(join(proxy.home, ".claude-max-api", "notes"));
    assert.ok(notes.length >= 1);
  });
}
