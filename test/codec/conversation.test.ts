/** A conversation as it is gathered: its calls meet their results. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createConversation } from "../../src/codec/conversation.ts";
import { ProxyError } from "../../src/core/error.ts";
import type { Message } from "../../src/core/turn.ts";
import { measureCpuMs } from "../helpers/cpu.ts";

const toCalls = (count: number): Message => ({
  role: "assistant",
  content: Array.from({ length: count }, (_, at) => ({ type: "call", id: `call${at}`, name: "look", input: {} })),
});
const toResult = (at: number): Message => ({
  role: "user",
  content: [{ type: "result", id: `call${at}`, content: [], isError: false }],
});

test("results may come in any order, and the next open call is the first without one", () => {
  const conversation = createConversation();
  conversation.add(toCalls(3), "messages[0]");
  for (const [at, next] of [
    [1, "call0"],
    [0, "call2"],
    [2, undefined],
  ] as const) {
    conversation.add(toResult(at), "messages[1]");
    assert.equal(conversation.findOpenId(), next);
  }
  assert.equal(conversation.end("messages").length, 2);
});

test("words of the user's beside a result end the results: each call needs one by then", () => {
  const result = { type: "result", id: "call0", content: [], isError: false } as const;
  const words: Message = { role: "user", content: [result, { type: "text", text: "and?" }] };
  const conversation = createConversation();
  conversation.add(toCalls(2), "messages[0]");
  assert.throws(() => conversation.add(words, "messages[1]"), /no result follows for call1/);
  const whole = createConversation();
  whole.add(toCalls(1), "messages[0]");
  whole.add(words, "messages[1]");
  assert.deepEqual(whole.end("messages").at(-1), words);
});

test("a refusal for calls without a result names some of them, and counts the rest", () => {
  const conversation = createConversation();
  conversation.add(toCalls(1000), "messages[0]");
  assert.throws(
    () => conversation.end("messages"),
    (error) =>
      error instanceof ProxyError &&
      error.param === "messages[0]" &&
      error.message === "Cannot read messages[0]: no result follows for call0, call1, call2, call3, call4 and 995 more",
  );
});

test("the time of calls and results grows with their number, not with its square", () => {
  const count = 50_000;
  // In quadratic time it took more than a minute.
  const ms = measureCpuMs(() => {
    const conversation = createConversation();
    conversation.add(toCalls(count), "messages[0]");
    for (let at = count - 1; at >= 0; at--) conversation.add(toResult(at), "messages[1]");
    assert.equal(conversation.end("messages").at(-1)?.content.length, count);
  });
  assert.ok(ms < 3000, `${ms} ms`);
});
