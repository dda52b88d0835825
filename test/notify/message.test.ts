/** One message's life, told the time and what came of each call: no socket, no timer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../src/core/error.ts";
import type { Outcome } from "../../src/notify/bot.ts";
import { createMessage } from "../../src/notify/message.ts";
import type { Message } from "../../src/notify/message.ts";
import { createActivities } from "../../src/notify/text.ts";

const FOREVER = { type: "wait", untilMs: Number.POSITIVE_INFINITY } as const;
const END = { type: "end" } as const;
const SENT: Outcome = { type: "done", messageId: 5 };
const DONE: Outcome = { type: "done", messageId: undefined };
const FAILED: Outcome = { type: "failed", cause: "down" };
const REFUSED: Outcome = { type: "refused", cause: "no" };

const open = (): Message => createMessage({ chat: "7", intervalMs: 3000 });

/** Does what is next, which must be a call, and gives what was sent. */
function perform(message: Message, nowMs: number, outcome: Outcome): object {
  const action = message.next(nowMs);
  assert.equal(action.type, "call");
  if (action.type !== "call") return {};
  message.settle(action.call, outcome, nowMs);
  return { method: action.call.method, ...action.call.parameters };
}

test("what is shown is sent at once, edited after 3 s, and deleted without delay", () => {
  const message = open();
  assert.deepEqual(message.next(0), FOREVER);
  message.show("a");
  assert.deepEqual(perform(message, 0, SENT), {
    method: "sendMessage",
    chat_id: "7",
    text: "a",
    disable_notification: true,
  });
  assert.deepEqual(message.next(1), FOREVER);
  message.show("ab");
  assert.deepEqual(message.next(2999), { type: "wait", untilMs: 3000 });
  message.show("abc");
  assert.deepEqual(perform(message, 3000, SENT), {
    method: "editMessageText",
    chat_id: "7",
    message_id: 5,
    text: "abc",
  });
  message.show("abcd");
  message.finish();
  assert.deepEqual(perform(message, 3001, DONE), { method: "deleteMessage", chat_id: "7", message_id: 5 });
  assert.deepEqual(message.next(3002), END);
});

test("a turn that is over before anything was sent leaves nothing to do", () => {
  const message = open();
  message.show("a");
  message.finish();
  assert.deepEqual(message.next(0), END);
});

test("a failure is sent aloud, then the progress goes; a second end is ignored", () => {
  const message = open();
  message.show("a");
  perform(message, 0, SENT);
  message.finish({ text: "failed", isSilent: false });
  message.finish();
  assert.deepEqual(perform(message, 1, SENT), { method: "sendMessage", chat_id: "7", text: "failed" });
  assert.deepEqual(perform(message, 2, DONE), { method: "deleteMessage", chat_id: "7", message_id: 5 });
  assert.deepEqual(message.next(3), END);
});

test("failures double the pause up to a minute while the turn runs, and end it after 4 once it is over", () => {
  const message = open();
  message.show("a");
  let nowMs = 0;
  const pauses = Array.from({ length: 8 }, () => {
    perform(message, nowMs, FAILED);
    const action = message.next(nowMs);
    const pauseMs = action.type === "wait" ? action.untilMs - nowMs : 0;
    nowMs += pauseMs;
    return pauseMs / 1000;
  });
  assert.deepEqual(pauses, [3, 6, 12, 24, 48, 60, 60, 60]);
  message.finish({ text: "failed", isSilent: false });
  for (let tries = 0; tries < 4; tries++) perform(message, (nowMs += 60_000), FAILED);
  assert.deepEqual(message.next(nowMs), END);
});

test("a 429 pauses as long as it says and no longer, and counts as a try once the turn is over", () => {
  const message = open();
  message.show("a");
  perform(message, 0, SENT);
  message.finish();
  for (let tries = 0; tries < 4; tries++) perform(message, tries, { type: "limited", retryAfterMs: 1000 });
  assert.deepEqual(message.next(10), END);
});

test("a refused first message ends it; a refused edit only mutes it; a refused delete is the end", () => {
  const blocked = open();
  blocked.show("a");
  perform(blocked, 0, REFUSED);
  blocked.show("ab");
  assert.deepEqual(blocked.next(9000), END);

  const gone = open();
  gone.show("a");
  perform(gone, 0, SENT);
  gone.show("ab");
  perform(gone, 3000, REFUSED);
  gone.show("abc");
  assert.deepEqual(gone.next(9000), FOREVER);
  gone.finish();
  assert.deepEqual(gone.next(9001), END);

  const stuck = open();
  stuck.show("a");
  perform(stuck, 0, SENT);
  stuck.finish();
  perform(stuck, 1, REFUSED);
  assert.deepEqual(stuck.next(2), END);
});

test("a failure that is refused is not told again, and the progress still goes", () => {
  const message = open();
  message.show("a");
  perform(message, 0, SENT);
  message.finish({ text: "failed", isSilent: false });
  perform(message, 1, REFUSED);
  assert.deepEqual(perform(message, 2, DONE), { method: "deleteMessage", chat_id: "7", message_id: 5 });
  assert.deepEqual(message.next(3), END);
});

test("a text stays below Telegram's 4096 characters, whatever a turn does", () => {
  const activities = createActivities();
  for (let at = 1; at <= 5000; at++)
    assert.equal(activities.add({ tool: "T".repeat(500), summary: "s".repeat(80) }), at);
  const failure = activities.toFailure(new ProxyError("upstream", "😀".repeat(5000)));
  for (const text of [activities.progress, failure]) {
    assert.ok(text.length < 4096);
    assert.doesNotMatch(text, /[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
    assert.match(text, /\n… 4990 earlier\n/);
  }
  assert.match(failure, /^Failed after 5000 tools: 😀/u);
});

test("progress that fails once the turn is over is none of the tries to tell how it ended", () => {
  const message = open();
  message.show("a");
  const action = message.next(0);
  assert.equal(action.type, "call");
  if (action.type !== "call") return;
  message.finish({ text: "Failed: no", isSilent: false });
  message.settle(action.call, FAILED, 1);
  for (const nowMs of [1e5, 2e5, 3e5, 4e5])
    assert.deepEqual(perform(message, nowMs, FAILED), { method: "sendMessage", chat_id: "7", text: "Failed: no" });
  assert.deepEqual(message.next(5e5), END);
});
