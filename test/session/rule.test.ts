/** The rule that a client rewrites its history by: found, and applied. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, UserMessage, UserPart } from "../../src/core/turn.ts";
import { findGone, findSubject, removeGone } from "../../src/session/rule.ts";

const text = (words: string): UserPart => ({ type: "text", text: words });
const RESULT: UserPart = { type: "result", id: "a", content: [], isError: false };
const user = (...content: readonly UserPart[]): UserMessage => ({ role: "user", content });
const ANSWER: Message = { role: "assistant", content: [] };

test("parts that are gone from the beginning count from there, all others from the end", () => {
  assert.deepEqual(findGone(["p", "c"], ["p"]), [-1]);
  assert.deepEqual(findGone(["r", "s", "p"], ["p"]), [0, 1]);
  assert.deepEqual(findGone(["r", "p", "q", "c"], ["p", "q"]), [0, -1]);
  assert.deepEqual(findGone(["a", "b", "r", "p"], ["a", "b", "p"]), [-2]);
  assert.deepEqual(findGone(["p", "p"], ["p"]), [-1]);
});

test("no rule: nothing is gone, all is gone, or what is left is another text", () => {
  for (const left of [["p", "c"], [], ["x"], ["c", "p"], ["p", "c", "d"]])
    assert.equal(findGone(["p", "c"], left), undefined);
});

test("a rule takes texts alone, leaves something, and does not count blank texts", () => {
  assert.deepEqual(removeGone(user(text("p"), text("c"), text(" ")), [-1]), user(text("p")));
  assert.deepEqual(removeGone(user(RESULT, text("c")), [-1]), user(RESULT));
  assert.equal(removeGone(user(RESULT, RESULT), [-1]), undefined);
  assert.equal(removeGone(user(text("p")), [-1]), undefined);
  assert.equal(removeGone(user(text("p")), [0, -1]), undefined);
  assert.deepEqual(removeGone(user(text("r"), text("p")), [0]), user(text("p")));
  assert.deepEqual(removeGone(user(text("r"), text("p"), text("q"), text("c")), [0, -1]), user(text("p"), text("q")));
});

test("what stands before one part of a first message, among others, is found in the short messages after it", () => {
  assert.deepEqual(removeGone(user(text("a"), text("r"), text("p")), [-2]), user(text("a"), text("p")));
  assert.deepEqual(removeGone(user(text("r"), text("p")), [-2]), user(text("p")));
  assert.equal(removeGone(user(text("p")), [-2]), undefined);
});

test("a turn goes on from its own message, and from the last one that holds no results", () => {
  const messages = [user(text("p")), ANSWER, user(text("q")), ANSWER, user(RESULT, text("c"))];
  assert.deepEqual([findSubject(messages, "message"), findSubject(messages, "prompt")], [4, 2]);
  assert.deepEqual([findSubject(messages.slice(0, 3), "message"), findSubject(messages.slice(0, 3), "prompt")], [2, 2]);
  assert.deepEqual([findSubject([user(RESULT), ANSWER], "message"), findSubject([user(RESULT)], "prompt")], [-1, -1]);
});
