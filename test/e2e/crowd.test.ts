/** Many conversations at once: each sees its own history alone, and there are never more processes than allowed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assistant, user } from "../helpers/answer.ts";
import { countMostAlive, countStarts, createChat, readHealth, untilSessions } from "../helpers/client.ts";
import { eventually, startProxy } from "../helpers/proxy.ts";
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
  // Sessions, turns, and as many spares as there may be when many are needed at once.
  assert.ok(countMostAlive(proxy) <= 4 + 4 + 4);
});

test("no burst has more processes than sessions, turns and spares together", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, {
    upstream,
    args: ["--max-sessions", "2", "--max-concurrent", "3", "--spares", "1"],
  });
  // From here on, whatever is a child of the proxy's is a process for turns.
  await readHealth(proxy);
  const alive: number[] = [];
  upstream.answer(() => {
    alive.push(proxy.children().length);
    return [{ text: "Hello world" }];
  });
  const chats = Array.from({ length: 16 }, (_, at) =>
    createChat(proxy, {}, at % 4 === 0 ? [user("before"), assistant(`${at}`)] : []),
  );
  await Promise.all(chats.map((chat, at) => chat.say(`burst ${at}`)));
  assert.equal(alive.length, 16);
  assert.ok(Math.max(...alive) <= 6, `processes at each call: ${alive.join(" ")}`);
  assert.ok(countMostAlive(proxy) <= 6);
  await untilSessions(proxy, "the server is at rest", ({ busy, queued }) => busy === 0 && queued === 0);
  await eventually("two sessions and a spare are left", () => proxy.children().length === 3);
});
