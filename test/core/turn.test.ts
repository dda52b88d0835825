/** The neutral conversation: one form, whichever way a client cut it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { joinUserMessages, omitSettings, toCallId } from "../../src/core/turn.ts";
import { measureCpuMs } from "../helpers/cpu.ts";
import type { Message } from "../../src/core/turn.ts";
import { PLAIN_TURN } from "./sample.ts";

const user = (...texts: string[]): Message => ({
  role: "user",
  content: texts.map((text) => ({ type: "text", text })),
});
const assistant = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });

test("user messages side by side become one of all their parts, in order", () => {
  assert.deepEqual(joinUserMessages([user("a"), user("b", "c"), user("d")]), [user("a", "b", "c", "d")]);
});

test("assistant messages stay apart, and part the user's", () => {
  const messages = [user("a"), assistant("b"), assistant("c"), user("d"), user("e")];
  assert.deepEqual(joinUserMessages(messages), [user("a"), assistant("b"), assistant("c"), user("d", "e")]);
});

test("joining leaves what it was given as it was, and joined messages as they are", () => {
  const messages = [user("a"), user("b")];
  const joined = joinUserMessages(messages);
  assert.deepEqual(messages, [user("a"), user("b")]);
  assert.deepEqual(joinUserMessages(joined), joined);
  assert.deepEqual(joinUserMessages([]), []);
});

test("the time of joining grows with the number of messages, not with its square", () => {
  const messages = Array.from({ length: 100_000 }, (_, at) => user(`message ${at}`));
  // In quadratic time it took more than a minute.
  const ms = measureCpuMs(() => assert.equal(joinUserMessages(messages)[0]?.content.length, messages.length));
  assert.ok(ms < 3000, `${ms} ms`);
});

test("a call id keeps its letters and digits, so that both spellings of one id are equal", () => {
  assert.equal(toCallId("call_Ab-9.x"), "callAb9x");
  assert.equal(toCallId("toolu_01AbC"), toCallId("toolu01AbC"));
  assert.equal(toCallId("_-.é"), "");
});

test("settings that a model does not take are left out, one by one", () => {
  const sampling = { temperature: 0.5, topP: undefined, topK: undefined };
  const turn = { ...PLAIN_TURN, sampling, speed: "fast" } as const;
  assert.deepEqual(omitSettings(turn, []), turn);
  assert.deepEqual(omitSettings(turn, ["sampling"]), { ...PLAIN_TURN, speed: "fast" });
  assert.deepEqual(omitSettings(turn, ["speed"]), { ...PLAIN_TURN, sampling });
  assert.deepEqual(omitSettings(turn, ["sampling", "speed"]), PLAIN_TURN);
  assert.deepEqual(omitSettings(PLAIN_TURN, []), PLAIN_TURN);
});
