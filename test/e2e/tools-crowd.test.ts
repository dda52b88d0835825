/** Many conversations with a held call each: processes stay within their bound, and none outlives the server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { user } from "../helpers/answer.ts";
import { isRunning } from "../helpers/processes.ts";
import { eventually, startProxy } from "../helpers/proxy.ts";
import { ask, call, idsOf, lastBlocks, result, textResult, tool } from "../helpers/tools.ts";
import { startUpstream } from "../helpers/upstream.ts";

const CONVERSATIONS = 6;
const [SESSIONS, CONCURRENT, SPARES] = [2, 2, 1];

test("of six held calls half are abandoned: the others go on, within the bound, and nothing is left after SIGTERM", async (t) => {
  const upstream = await startUpstream(t);
  const args = ["--max-sessions", String(SESSIONS), "--max-concurrent", String(CONCURRENT), "--spares", String(SPARES)];
  const proxy = await startProxy(t, { upstream, args });
  const seen = new Set<number>();
  const bound = SESSIONS + CONCURRENT + SPARES;
  const checkBound = (): void => {
    const now = proxy.children();
    for (const pid of now) seen.add(pid);
    assert.ok(now.length <= bound, `${now.length} processes`);
  };
  upstream.answer(({ body }) => {
    const text = JSON.stringify(body.messages);
    const at = /conversation (\d+)\b/.exec(text)?.[1] ?? "";
    return text.includes("tool_result") ? [{ text: `done ${at}` }] : [call("look", { q: at }, `toolu_c${at}`)];
  });
  const tools = [tool("look")];

  async function begin(at: number): Promise<object[]> {
    const messages = [user(`conversation ${at} begins`)];
    const answer = await ask(proxy, { messages, tools });
    checkBound();
    assert.deepEqual(idsOf(answer), [`tooluc${at}`]);
    return [...messages, answer.message, result(`tooluc${at}`, `result ${at}`)];
  }
  async function goOn(messages: object[], at: number): Promise<void> {
    const answer = await ask(proxy, { messages, tools });
    checkBound();
    assert.equal(answer.message.content, `done ${at}`);
  }
  const histories = await Promise.all(Array.from({ length: CONVERSATIONS }, (_, at) => begin(at)));
  const kept = histories.map((messages, at) => [messages, at] as const).filter(([, at]) => at % 2 === 0);
  await Promise.all(kept.map(([messages, at]) => goOn(messages, at)));

  const answered = upstream.calls.filter(({ body }) => JSON.stringify(body.messages).includes("tool_result"));
  assert.equal(upstream.calls.length, CONVERSATIONS + kept.length);
  const results = new Set(answered.map((held) => JSON.stringify(lastBlocks(held)).replaceAll("toolu_", "toolu")));
  const expected = kept.map(
    ([, at]) => textResult(`tooluc${at}`, `result ${at}`) as { tool_use_id: string; content: unknown },
  );
  for (const { tool_use_id, content } of expected) {
    assert.ok(
      [...results].some((text) => text.includes(`"${tool_use_id}"`) && text.includes(JSON.stringify(content))),
      tool_use_id,
    );
  }

  const counts = async (): Promise<{ live: number; busy: number; spare: number; queued: number }> =>
    (
      (await (await fetch(`${proxy.url}/health`)).json()) as {
        sessions: { live: number; busy: number; spare: number; queued: number };
      }
    ).sessions;
  const { live, busy, queued } = await counts();
  assert.deepEqual([live, busy, queued], [SESSIONS, 0, 0]);
  await eventually("only sessions and spares are left", () => proxy.children().length <= SESSIONS + SPARES);

  for (const pid of proxy.children()) seen.add(pid);
  proxy.kill("SIGTERM");
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
  assert.deepEqual([...seen].filter(isRunning), []);
});
