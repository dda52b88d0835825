/** Many conversations at once: each sees its own history alone, and there are never more processes than allowed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assistant, readUntil, user } from "../helpers/answer.ts";
import { countMostAlive, countStarts, createChat, readHealth, untilSessions } from "../helpers/client.ts";
import { eventually, FAKE_CLI, startProxy } from "../helpers/proxy.ts";
import { startUpstream, toDialogue, toLastWords } from "../helpers/upstream.ts";

test("five conversations at once, three turns each, each see exactly their own history", async (t) => {
  const upstream = await startUpstream(t);
  const limits = ["--max-sessions", "2", "--max-concurrent", "2", "--max-spares", "2"];
  const proxy = await startProxy(t, { upstream, args: limits });
  // From here on, whatever is a child of the proxy's is a process for turns.
  await readHealth(proxy);
  const alive: number[] = [];
  upstream.answer((call, at) => {
    alive.push(proxy.children().length);
    return [{ text: `${at} answers ${toLastWords(call)}` }];
  });
  const chats = Array.from({ length: 5 }, () => createChat(proxy));
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
  assert.equal(upstream.calls.length, 15);
  for (const call of upstream.calls) assert.deepEqual(toDialogue(call), expected.get(toLastWords(call)));
  assert.ok(countStarts(proxy, "replay") > 0, "more conversations than places are replayed");
  // Sessions, turns, and as many spares as there may be when many are needed at once.
  assert.ok(countMostAlive(proxy) <= 2 + 2 + 2);
  assert.ok(Math.max(...alive) <= 2 + 2 + 2, `processes at each call: ${alive.join(" ")}`);
});

test("no burst has more processes than sessions, turns and spares together", async (t) => {
  const limits = ["--max-sessions", "2", "--max-concurrent", "3", "--spares", "1"];
  const env = { FAKE_CLI: "flood", FAKE_CLI_DELTAS: "2000" };
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI, ...limits], env });
  await readHealth(proxy);
  const alive: number[] = [];
  const histories = Array.from({ length: 16 }, (_, at) => (at % 4 === 0 ? [user("before"), assistant(`${at}`)] : []));
  await Promise.all(
    histories.map(async (history, at) => {
      const body = { model: "sonnet", stream: true, messages: [...history, user(`burst ${at}`)] };
      const stream = await readUntil(await proxy.chat(body), "0 ");
      alive.push(proxy.children().length);
      assert.match(await stream.rest(), /"1999 "[\s\S]*\[DONE\]\n\n$/);
    }),
  );
  assert.equal(alive.length, 16);
  assert.ok(Math.max(...alive) <= 6, `processes in each turn: ${alive.join(" ")}`);
  assert.ok(countMostAlive(proxy) <= 6);
  assert.equal(countStarts(proxy, "replay"), 4);
  await untilSessions(proxy, "the server is at rest", ({ busy, queued }) => busy === 0 && queued === 0);
  await eventually("two sessions and a spare are left", () => proxy.children().length === 3);
});
