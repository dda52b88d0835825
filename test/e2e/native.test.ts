/** Settings of one turn that the API itself keeps to: in its request of that turn, and in no other (P20, P22, P23). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readUntil, user } from "../helpers/answer.ts";
import { countStarts, createChat, readStarts, untilEnded } from "../helpers/client.ts";
import { startPair } from "../helpers/pair.ts";
import { tool } from "../helpers/tools.ts";
import { toDialogue } from "../helpers/upstream.ts";
import type { ApiCall } from "../helpers/upstream.ts";

/** What a request to the API says beside the conversation. */
function toFields({ body }: ApiCall): unknown {
  const { stop_sequences, tool_choice, tools = [] } = body;
  return { stop_sequences, tool_choice, tools: tools.length };
}

const PLAIN = { stop_sequences: undefined, tool_choice: undefined, tools: 2 };
const TURNS: readonly (readonly [rest: object, fields: object])[] = [
  [{ stop: ["two", "\n\n"] }, { stop_sequences: ["two"] }],
  [{}, {}],
  [{ tool_choice: "none" }, { tool_choice: { type: "none" } }],
  [{ parallel_tool_calls: false }, { tool_choice: { type: "auto", disable_parallel_tool_use: true } }],
  [
    { stop: "two", tool_choice: "none", parallel_tool_calls: false },
    { stop_sequences: ["two"], tool_choice: { type: "none" } },
  ],
  [{}, {}],
];

test("stop sequences and choices among tools change from turn to turn in one process, and its history is exact", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer(() => [{ text: ["one ", "two ", "three"] }]);
  const chat = createChat(proxy, { tools: [tool("look"), tool("list")] });
  const said: string[] = [];
  for (const [at, [rest]] of TURNS.entries()) said.push(await chat.say(`go ${at}`, rest));
  assert.deepEqual(
    upstream.calls.map(toFields),
    TURNS.map(([, fields]) => ({ ...PLAIN, ...fields })),
  );
  const whole = "one two three";
  assert.deepEqual(said, ["one ", whole, whole, whole, "one ", whole]);
  assert.equal(readStarts(proxy).length, 1);
  assert.deepEqual(
    toDialogue(upstream.calls.at(-1)),
    [...said.flatMap((text, at) => [`user: go ${at}`, `assistant: ${text}`])].slice(0, -1),
  );
});

test("the settings of a turn that was left do not reach the next one", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer((_, at) => (at === 1 ? [{ text: "half" }, { hang: true }] : [{ text: "whole" }]));
  const body = { model: "sonnet", tools: [tool("look"), tool("list")] };
  const chat = createChat(proxy, body);
  await chat.say("one");
  const leaving = new AbortController();
  const messages = [...chat.messages, user("two")];
  const left = { ...body, messages, stream: true, stop: "END", tool_choice: "none" };
  await readUntil(await proxy.chat(left, { signal: leaving.signal }), "half");
  leaving.abort();
  await untilEnded(proxy, readStarts(proxy)[0]?.pid);
  await chat.say("two");
  assert.deepEqual(upstream.calls.slice(1).map(toFields), [
    { ...PLAIN, stop_sequences: ["END"], tool_choice: { type: "none" } },
    PLAIN,
  ]);
});

test("a blank stop sequence, which the API refuses, cuts the text here", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer((_, at) => (at === 0 ? [{ text: ["one", "\n", "two"] }, { hang: true }] : [{ text: "on" }]));
  const chat = createChat(proxy);
  assert.equal(await chat.say("go", { stop: "\n" }), "one");
  assert.equal(upstream.calls[0]?.body["stop_sequences"], undefined);
  assert.equal(await upstream.calls[0]?.closed, true);
  await chat.say("again");
  assert.equal(countStarts(proxy, "replay"), 1);
});
