/**
 * Clients that rewrite their history, in the shapes that they send: once a request has shown what goes, those after it
 * find a process that knows their history.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { user } from "../helpers/answer.ts";
import { addIds, readCaptured, toLines, toSteps, withIds } from "../helpers/captured.ts";
import { untilSessions, readTurnStarts } from "../helpers/client.ts";
import type { Pair } from "../helpers/pair.ts";
import { killAny } from "../helpers/processes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { ask, call, idsOf, inTurn, result, tool } from "../helpers/tools.ts";
import type { Answer } from "../helpers/tools.ts";
import { startUpstream, toDialogue } from "../helpers/upstream.ts";

const TOOLS = ["read", "bash"].map((name) => tool(name));
/** Two calls, then words. */
const STEPS = inTurn([call("read", {}, "toolu_1")], [call("bash", {}, "toolu_2")]);

interface Client {
  /** Sends what is new; `kept` is the part of it that later histories have. */
  say(sent: readonly object[], kept: readonly object[]): Promise<Answer>;
}

function createClient({ proxy }: Pair, system: string): Client {
  const history: object[] = [{ role: "system", content: system }];
  return {
    async say(sent, kept) {
      const answer = await ask(proxy, { messages: [...history, ...sent], tools: TOOLS });
      assert.equal(answer.status, 200);
      history.push(...kept, answer.message);
      await untilSessions(proxy, "a process knows what is to come", ({ live, busy }) => live > 0 && busy === 0);
      return answer;
    },
  };
}

const resultOf = (answer: Answer, words: string): object => result(idsOf(answer)[0] ?? "", words);

/** A proxy of the test's own: one that has spares is never without processes, as a shared one has to be. */
async function startWithSpares(t: TestContext, ...args: readonly string[]): Promise<Pair> {
  const upstream = await startUpstream(t);
  const pair = { upstream, proxy: await startProxy(t, { upstream, args }) };
  await untilSessions(pair.proxy, "a spare is there", ({ spare }) => spare > 0);
  pair.upstream.answer(STEPS);
  return pair;
}

test("OpenClaw: context behind each prompt and each result, gone from later histories", async (t) => {
  const pair = await startWithSpares(t);
  const client = createClient(pair, "You are OpenClaw.");
  const say = (at: number, ...kept: readonly object[]): Promise<Answer> =>
    client.say([...kept, user(`context ${at}`)], kept);
  const first = await say(1, user("one"));
  const second = await say(2, resultOf(first, "a"));
  await say(3, resultOf(second, "b"));
  await say(4, user("two"));
  await say(5, user("three"));
  assert.deepEqual((await readTurnStarts(pair.proxy, 5)).slice(2), ["forecast", "forecast", "forecast"]);
  const dialogue = ["user: one", "assistant: <tool_use>", "user: <tool_result>", "assistant: <tool_use>"];
  dialogue.push("user: <tool_result>", "assistant: done", "user: two", "assistant: done");
  assert.deepEqual(toDialogue(pair.upstream.calls[4]), [...dialogue, "user: three|context 5"]);

  // A prepared process that is gone costs time alone.
  killAny(pair.proxy.children());
  await say(6, user("four"));
  dialogue.push("user: three", "assistant: done");
  assert.deepEqual(toDialogue(pair.upstream.calls[5]), [...dialogue, "user: four|context 6"]);
});

/**
 * Sends the first requests of a captured conversation, each answer as it was; gives the ways in which its turns began.
 * The API is told every history as the client has it.
 */
async function playCaptured(t: TestContext, name: string, count: number): Promise<string[]> {
  const { proxy, upstream } = await startWithSpares(t, "--max-spares", "1");
  const { body, requests: all, answers } = readCaptured(name);
  const requests = all.slice(0, count);
  upstream.answer((_, at) => toSteps(answers[at]));
  const ids = new Map<string, string>();
  for (const [at, messages] of requests.entries()) {
    const answer = await ask(proxy, { ...body, messages: withIds(messages, ids) });
    assert.equal(answer.status, 200);
    addIds(ids, answers[at], idsOf(answer));
    assert.deepEqual(toDialogue(upstream.calls.at(-1)), toLines(messages));
    await untilSessions(proxy, "a process knows what is to come", ({ live, busy }) => live > 0 && busy === 0);
  }
  return readTurnStarts(proxy, requests.length);
}

test("a captured conversation of OpenClaw's is foretold from the third turn on", async (t) => {
  const starts = await playCaptured(t, "openclaw", 6);
  assert.deepEqual(starts.slice(2), ["forecast", "forecast", "forecast", "forecast"]);
});

test("a captured conversation of qwen-code's: what leaves with the next prompt is foretold once it was seen", async (t) => {
  // The third request is the second prompt, and the first that can show it.
  const starts = await playCaptured(t, "qwen-code", 7);
  assert.deepEqual(starts.slice(3), ["hot", "forecast", "hot", "forecast"]);
});
