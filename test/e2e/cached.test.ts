/** Replays that the prompt cache can read: at the API, what the live process has sent, and then the newest message (P53). */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readStarts, untilEnded } from "../helpers/client.ts";
import { assistant, user } from "../helpers/answer.ts";
import { eventually, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { ask, call, PNG, result, tool } from "../helpers/tools.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { ApiCall, Step } from "../helpers/upstream.ts";

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

const MODELS = ["sonnet", "haiku", "claude-opus-4-5-20251101"];
const RED = { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } };

/** A conversation of every kind of block: thinking in two forms, parallel calls, images in both places. */
const SCRIPT: readonly (readonly Step[])[] = [
  [
    { thinking: "first I look" },
    { text: "I look" },
    call("look", { b: 1, a: [2, { d: 3, c: 4 }] }, "toolu_01A"),
    call("look", { q: "" }, "toolu_01B"),
    call("peek", {}, "toolu_01C"),
  ],
  [{ redacted: "cmVk" }, { text: "seen\n" }],
  [{ thinking: "more" }, { text: "one" }, { thinking: "and more" }, { text: "two" }],
];

/** Of each turn; a change stands in the prompt of the models that think by effort. */
const EFFORTS = ["high", "high", "low", "low", "medium"];

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: ["--spares", "0"] });

before(async () => {
  // A family's id is known once a process has listed the account's models.
  await ask(proxy, { model: "sonnet", messages: [user("hello")] });
  // The first replay is as good as it can be, and has the CLI's notes learned.
  for (const model of MODELS) await ask(proxy, { model, messages: [user("a"), assistant("b"), user("c")] });
  // One after the other, each by a CLI of its own.
  const areLearned = (): boolean => proxy.log.filter((line) => line.includes("learned notes")).length === 3;
  await eventually("the notes are learned", areLearned, 90_000);
});

for (const model of MODELS) {
  test(`${model}: a replay after hot turns, and one after a replay, begin with all that was sent before`, async () => {
    upstream.reset();
    upstream.answer((_, at) => SCRIPT[at] ?? [{ text: `answer ${at}` }]);
    const body = { model, tools: [tool("look"), tool("peek")], messages: [user("x".repeat(2000))] as object[] };
    const next = async (...said: object[]): Promise<void> => {
      const reasoning_effort = EFFORTS[upstream.calls.length];
      const { message } = await ask(proxy, { ...body, reasoning_effort });
      body.messages.push(message, ...said);
    };
    await next(result("toolu01B", "B"), result("toolu01A", "saw it"), result("toolu01C", [RED]));
    await next(user([RED, { type: "text", text: "two" }]));
    await next(user("three"));
    const known = readStarts(proxy).length;
    for (const words of ["four", "five"]) {
      await killLatest(proxy);
      await next(user(words));
    }
    assert.equal(
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
  });
}

test("health tells how many turns were hot and replayed, and the share of their input that the cache gave", async () => {
  const { turns } = (await (await fetch(`${proxy.url}/health`)).json()) as { turns: Record<string, number> };
  const { hot, replayed, cached_input: cached } = turns;
  assert.deepEqual([hot, replayed, cached], [2 * MODELS.length, 3 * MODELS.length, 1 / 3]);
});
