/**
 * The processes kept between turns: how many there may be, which is let go first, and that none is ever given to the
 * wrong conversation.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readText, user } from "../helpers/answer.ts";
import {
  countStarts,
  createChat,
  createLatch,
  readHealth,
  readStarts,
  untilEnded,
  untilSessions,
} from "../helpers/client.ts";
import { isRunning } from "../helpers/processes.ts";
import { startPair } from "../helpers/pair.ts";
import { eventually, FAKE_CLI, startProxy } from "../helpers/proxy.ts";
import { toDialogue, toLastWords } from "../helpers/upstream.ts";

test("two sessions are kept, and the one unused for longest makes room, but never a busy one", async (t) => {
  const { upstream, proxy } = await startPair(t, "--max-sessions", "2");
  const [a, b, c] = [createChat(proxy), createChat(proxy), createChat(proxy)];
  await a.say("a");
  await b.say("b");
  await a.say("a again");
  await c.say("c");
  const [pidOfA, pidOfB, pidOfC] = readStarts(proxy).map(({ pid }) => pid);
  await proxy.logged(new RegExp(`session let go pid=${pidOfB} reason=evicted`));
  await untilEnded(proxy, pidOfB);
  assert.deepEqual(proxy.children().sort(), [pidOfA, pidOfC].sort());
  await a.say("a once more");
  await c.say("c again");
  assert.equal(countStarts(proxy, "replay"), 0);
  await b.say("b again");
  assert.equal(countStarts(proxy, "replay"), 1);
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: b", "assistant: Hello world", "user: b again"]);

  // However many others are filed meanwhile.
  const end = createLatch();
  const { length } = upstream.calls;
  upstream.answer((call) =>
    toLastWords(call) === "take your time"
      ? [{ text: "slow " }, { until: end.opened }, { text: "and sure" }]
      : [{ text: "quick" }],
  );
  const answer = c.say("take your time");
  await upstream.called(length + 1);
  assert.equal(await b.say("b once more"), "quick");
  for (const words of ["one", "two"]) await createChat(proxy).say(words);
  assert.ok(isRunning(pidOfC ?? 0));
  end.open();
  assert.equal(await answer, "slow and sure");
  assert.equal(await c.say("and"), "quick");
  assert.equal(countStarts(proxy, "replay"), 1);
  assert.equal(readStarts(proxy).length, 6);
});

test("with no sessions kept, every turn is replayed and no process stays", async (t) => {
  const { upstream, proxy } = await startPair(t, "--max-sessions", "0");
  const chat = createChat(proxy);
  await chat.say("one");
  await chat.say("two");
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", "replay"],
  );
  assert.deepEqual(toDialogue(upstream.calls[1]), ["user: one", "assistant: Hello world", "user: two"]);
  for (const { pid } of readStarts(proxy)) await untilEnded(proxy, pid);
  // The process that learns the CLI's notes for replays ends by itself.
  await eventually("no process stays", () => proxy.children().length === 0);
});

test("an idle process ends, and its conversation goes on", async (t) => {
  const { upstream, proxy } = await startPair(t, "--idle-seconds", "1");
  const chat = createChat(proxy);
  await chat.say("one");
  const [first] = readStarts(proxy);
  await proxy.logged(new RegExp(`session let go pid=${first?.pid} reason=idle`));
  await eventually("the idle process is gone", () => !isRunning(first?.pid ?? 0));
  assert.equal((await readHealth(proxy)).sessions.live, 0);
  await chat.say("two");
  assert.deepEqual(toDialogue(upstream.calls[1]), ["user: one", "assistant: Hello world", "user: two"]);
  assert.equal(readStarts(proxy)[1]?.as, "replay");
});

test("spares are filled up to their count, and each new conversation takes one", async (t) => {
  const proxy = await startProxy(t, { args: ["--spares", "3", "--claude", FAKE_CLI] });
  await untilSessions(proxy, "three spares are there", ({ spare }) => spare === 3);
  const before = readStarts(proxy).length;
  const texts = await Promise.all(
    ["a", "b", "c"].map(async (words) => readText(await proxy.chat({ model: "sonnet", messages: [user(words)] }))),
  );
  assert.deepEqual(texts, ["a", "b", "c"]);
  assert.equal(before, 3);
  await untilSessions(proxy, "three spares are there again", ({ spare }) => spare === 3);
  assert.equal(readStarts(proxy).length, 6);
});
