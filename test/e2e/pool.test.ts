/** The processes kept between turns: how many there may be, which is let go first, and that none is ever given to the wrong conversation. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { countMostAlive, countStarts, createChat, createLatch, readHealth, readStarts, readText, untilEnded, untilSessions } from "../helpers/client.ts";
import { assistant, eventually, isRunning, startProxy, user } from "../helpers/proxy.ts";
import { startUpstream, toDialogue, toLastWords } from "../helpers/upstream.ts";

test("twelve conversations at once, three turns each, each see exactly their own history", async (t) => {
  const upstream = await startUpstream(t);
  upstream.answer((call, at) => [{ text: `${at} answers ${toLastWords(call)}` }]);
  const proxy = await startProxy(t, { upstream });
  const chats = Array.from({ length: 12 }, () => createChat(proxy));
  const expected = new Map<string, string[]>();
  await Promise.all(
    chats.map(async (chat, number) => {
      const lines: string[] = [];
      for (const turn of [1, 2, 3]) {
        const words = `chat ${number} turn ${turn}`;
        lines.push(`user: ${words}`);
        expected.set(words, [...lines]);
        const answer = await chat.say(words);
        assert.ok(answer.endsWith(` answers ${words}`), answer);
        lines.push(`assistant: ${answer}`);
      }
    }),
  );
  assert.equal(upstream.calls.length, 36);
  for (const call of upstream.calls) assert.deepEqual(toDialogue(call), expected.get(toLastWords(call)));
  assert.ok(countStarts(proxy, "replay") > 0, "more conversations than places are replayed");
  assert.ok(countMostAlive(proxy) <= 4 + 4 + 1);
});

test("two sessions are kept, and the one unused for longest makes room", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream, args: ["--spares", "0", "--max-sessions", "2"] });
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
});

test("a busy process is never let go, however many others are filed", async (t) => {
  const upstream = await startUpstream(t);
  const end = createLatch();
  upstream.answer((call) => (toLastWords(call) === "take your time" ? [{ text: "slow " }, { until: end.opened }, { text: "and sure" }] : [{ text: "quick" }]));
  const proxy = await startProxy(t, { upstream, args: ["--spares", "0", "--max-sessions", "2"] });
  const slow = createChat(proxy);
  await slow.say("hi");
  const [busy] = readStarts(proxy);
  const answer = slow.say("take your time");
  await upstream.called(2);
  for (const words of ["one", "two", "three", "four"]) await createChat(proxy).say(words);
  assert.ok(isRunning(busy?.pid ?? 0));
  end.open();
  assert.equal(await answer, "slow and sure");
  assert.equal(await slow.say("and"), "quick");
  assert.equal(countStarts(proxy, "replay"), 0);
});

test("with no sessions kept, every turn is replayed and no process stays", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream, args: ["--spares", "0", "--max-sessions", "0"] });
  const chat = createChat(proxy);
  await chat.say("one");
  await chat.say("two");
  assert.deepEqual(readStarts(proxy).map(({ as }) => as), ["fresh", "replay"]);
  assert.deepEqual(toDialogue(upstream.calls[1]), ["user: one", "assistant: Hello world", "user: two"]);
  for (const { pid } of readStarts(proxy)) await untilEnded(proxy, pid);
  assert.deepEqual(proxy.children(), []);
});

test("an idle process ends, and its conversation goes on", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream, args: ["--spares", "0", "--idle-seconds", "1"] });
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

test("no burst has more processes than sessions, turns and spares together", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream, args: ["--max-sessions", "2", "--max-concurrent", "3", "--spares", "1"] });
  // From here on, whatever is a child of the proxy's is a process for turns.
  await readHealth(proxy);
  const alive: number[] = [];
  upstream.answer(() => {
    alive.push(proxy.children().length);
    return [{ text: "Hello world" }];
  });
  const chats = Array.from({ length: 16 }, (_, at) => createChat(proxy, {}, at % 4 === 0 ? [user("before"), assistant(`${at}`)] : []));
  await Promise.all(chats.map((chat, at) => chat.say(`burst ${at}`)));
  assert.equal(alive.length, 16);
  assert.ok(Math.max(...alive) <= 6, `processes at each call: ${alive.join(" ")}`);
  assert.ok(countMostAlive(proxy) <= 6);
  await untilSessions(proxy, "the server is at rest", ({ busy, queued }) => busy === 0 && queued === 0);
  await eventually("two sessions and a spare are left", () => proxy.children().length === 3);
});

test("spares are filled up to their count, and each new conversation takes one", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream, args: ["--spares", "3"] });
  await untilSessions(proxy, "three spares are there", ({ spare }) => spare === 3);
  const before = readStarts(proxy).length;
  const texts = await Promise.all(["a", "b", "c"].map(async (words) => readText(await proxy.chat({ model: "sonnet", messages: [user(words)] }))));
  assert.deepEqual(texts, ["Hello world", "Hello world", "Hello world"]);
  assert.equal(before, 3);
  await untilSessions(proxy, "three spares are there again", ({ spare }) => spare === 3);
  assert.equal(readStarts(proxy).length, 6);
});
