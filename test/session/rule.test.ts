/** The rule that a client rewrites its history by, found and applied. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserMessage, UserPart } from "../../src/core/turn.ts";
import { applyRule, findRule } from "../../src/session/rule.ts";

const text = (words: string): UserPart => ({ type: "text", text: words });
const RESULT: UserPart = { type: "result", id: "a", content: [], isError: false };
const user = (...content: readonly UserPart[]): UserMessage => ({ role: "user", content });

test("parts that are gone from either end are a rule", () => {
  assert.deepEqual(findRule(["p", "c"], ["p"]), { leading: 0, trailing: 1 });
  assert.deepEqual(findRule(["r", "s", "p"], ["p"]), { leading: 2, trailing: 0 });
  assert.deepEqual(findRule(["r", "p", "q", "c"], ["p", "q"]), { leading: 1, trailing: 1 });
});

test("no rule: nothing is gone, all is gone, or what is left is another text", () => {
  for (const left of [["p", "c"], [], ["x"], ["c", "p"], ["p", "c", "d"]])
    assert.equal(findRule(["p", "c"], left), undefined);
});

test("a rule takes texts alone, leaves something, and does not count blank texts", () => {
  const trailing = { leading: 0, trailing: 1 };
  assert.deepEqual(applyRule(user(text("p"), text("c"), text(" ")), trailing), user(text("p")));
  assert.deepEqual(applyRule(user(RESULT, text("c")), trailing), user(RESULT));
  assert.equal(applyRule(user(RESULT, RESULT), trailing), undefined);
  assert.equal(applyRule(user(text("p")), trailing), undefined);
  assert.deepEqual(applyRule(user(text("r"), text("p")), { leading: 1, trailing: 0 }), user(text("p")));
});
