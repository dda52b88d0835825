/** Histories foretold from a client's own requests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createFold } from "../../src/core/reply.ts";
import type { Reply } from "../../src/core/reply.ts";
import { NO_USAGE } from "../../src/core/event.ts";
import { DEFAULT_THINKING } from "../../src/core/turn.ts";
import type { Message, Turn } from "../../src/core/turn.ts";
import { toFingerprints } from "../../src/session/fingerprint.ts";
import { createForecasts } from "../../src/session/forecast.ts";
import type { Expected, Forecasts } from "../../src/session/forecast.ts";

const user = (...words: readonly string[]): Message => ({
  role: "user",
  content: words.map((text) => ({ type: "text", text })),
});
/** An answer; one in capitals calls a tool. */
const assistant = (text: string): Message => ({
  role: "assistant",
  content: isCall(text) ? [{ type: "call", id: text, name: "f", input: {} }] : [{ type: "text", text }],
});
const isCall = (text: string): boolean => text === text.toUpperCase();
const result = (id: string): Message => ({
  role: "user",
  content: [{ type: "result", id, content: [], isError: false }],
});

function toTurn(messages: readonly Message[], system = "s"): Turn {
  return {
    ...{ model: "m", system, messages, tools: [], toolChoice: "auto", webSearch: false, parallelCalls: true },
    ...{ effort: undefined, thinking: DEFAULT_THINKING, maxTokens: undefined, stop: [], format: { type: "text" } },
  };
}

function toReply(text: string): Reply {
  const fold = createFold();
  fold.add([
    { type: "start", model: "m" },
    ...(isCall(text)
      ? ([
          { type: "call", index: 0, id: text, name: "f" },
          { type: "arguments", index: 0, json: "{}" },
        ] as const)
      : ([{ type: "text", text }] as const)),
    { type: "done", finish: isCall(text) ? "tool_calls" : "stop", usage: NO_USAGE },
  ]);
  return fold.reply;
}

interface Played extends Expected {
  /** The key given up when its request came. */
  readonly useless: string | undefined;
  /** True when the request brought the history that was expected. */
  readonly isMet: boolean;
}

/** Plays turns of one set-up, each told what was expected before it. */
function createClient(forecasts: Forecasts, system?: string) {
  let expected: Expected | undefined;
  return async (messages: readonly Message[], answer: string): Promise<Played> => {
    const turn = toTurn(messages, system);
    const fingerprints = await toFingerprints(turn, { model: "m", tools: "none", servers: [] });
    const useless = await forecasts.meet(fingerprints);
    const isMet = expected !== undefined && expected.key === fingerprints.before;
    if (isMet) expected?.settle(true);
    const reply = toReply(answer);
    expected = await forecasts.expect(turn, fingerprints, { reply, key: await fingerprints.after(reply) });
    return { ...expected, useless, isMet };
  };
}

test("context that follows each prompt and is gone later: foretold from the second answer on", async () => {
  const play = createClient(createForecasts());
  const first = await play([user("p1", "c1")], "a1");
  assert.equal(first.rewritten, undefined);
  const second = await play([user("p1"), assistant("a1"), user("p2", "c2")], "a2");
  assert.deepEqual([second.isMet, second.useless], [false, first.key]);
  assert.deepEqual(second.rewritten, [user("p1"), assistant("a1"), user("p2"), assistant("a2")]);
  const third = await play([user("p1"), assistant("a1"), user("p2"), assistant("a2"), user("p3", "c3")], "a3");
  assert.deepEqual([third.isMet, third.useless], [true, undefined]);
  assert.deepEqual(third.rewritten?.slice(-2), [user("p3"), assistant("a3")]);
});

test("a reminder before each prompt is foretold likewise, and also in a new conversation", async () => {
  const play = createClient(createForecasts());
  await play([user("r1", "p1")], "a1");
  const second = await play([user("p1"), assistant("a1"), user("r2", "p2")], "a2");
  assert.deepEqual(second.rewritten?.slice(-2), [user("p2"), assistant("a2")]);
  assert.deepEqual((await play([user("r3", "other")], "a3")).rewritten, [user("other"), assistant("a3")]);
});

/** A client whose reminder stands before a prompt until the next prompt comes. */
function createReminded(forecasts: Forecasts) {
  const play = createClient(forecasts);
  const history: Message[] = [];
  return {
    /** Asks; the answers but the last call, and are given results. Gives all turns. */
    async ask(...answers: readonly string[]): Promise<Played[]> {
      const [at, first] = [history.length, history.length === 0 ? ["a", "b"] : []];
      history.push(user(...first, "r", `p${at}`));
      const played: Played[] = [];
      for (const answer of answers) {
        played.push(await play([...history], answer));
        history.push(assistant(answer), ...(isCall(answer) ? [result(answer)] : []));
      }
      history[at] = user(...first, `p${at}`);
      return played;
    },
    history,
  };
}

const isForetold = ({ rewritten }: Played): boolean => rewritten !== undefined;

test("a reminder that stays while calls are answered, and leaves with the next prompt", async () => {
  const forecasts = createForecasts();
  const { ask, history } = createReminded(forecasts);
  assert.deepEqual((await ask("C1", "C2", "a1")).map(isForetold), [false, false, false]);
  const [second] = await ask("C3");
  assert.deepEqual([second?.isMet, second?.rewritten], [false, undefined]);
  history.length = 0;
  const other = await ask("C4", "C5", "a2");
  assert.deepEqual(other.map(isForetold), [false, false, true]);
  assert.deepEqual(other[2]?.rewritten, history);
  const [next] = await ask("a3");
  assert.deepEqual([next?.isMet, next?.useless, next?.rewritten?.at(-2)], [true, undefined, history.at(-2)]);
  assert.deepEqual(
    (await ask("C6", "a4")).map(({ isMet, rewritten }) => [isMet, rewritten !== undefined]),
    [
      [true, false],
      [true, true],
    ],
  );
});

test("a prompt answered at once does not show that parts stay through calls: one miss does", async () => {
  const { ask } = createReminded(createForecasts());
  await ask("a1");
  const [call, done] = await ask("C1", "a2");
  assert.deepEqual([call?.isMet, call && isForetold(call)], [false, true]);
  assert.deepEqual([done?.isMet, done?.useless], [false, call?.key]);
  assert.ok(done && isForetold(done));
  assert.deepEqual(
    (await ask("C2", "a3")).map(({ isMet }) => isMet),
    [true, true],
  );
  // A rule that is known to go with prompts is not taken for another by one of them that is answered at once.
  await ask("a4");
  assert.deepEqual(
    (await ask("C3", "a5")).map(({ isMet }) => isMet),
    [true, true],
  );
});

test("the rule of one set-up is not another's", async () => {
  const forecasts = createForecasts();
  const play = createClient(forecasts, "one");
  await play([user("p1", "c1")], "a1");
  assert.ok((await play([user("p1"), assistant("a1"), user("p2", "c2")], "a2")).rewritten);
  assert.equal((await createClient(forecasts, "two")([user("p1", "c1")], "a1")).rewritten, undefined);
});

test("two misses in a row drop a rule; one that came true between them does not", async () => {
  const play = createClient(createForecasts());
  const history: Message[] = [];
  const say = async (kept: readonly string[], sent: readonly string[], at: number): Promise<Played> => {
    const played = await play([...history, user(...sent)], `a${at}`);
    history.push(user(...kept), assistant(`a${at}`));
    return played;
  };
  // What each turn keeps shows in the request after it.
  const isForetold: boolean[] = [];
  for (const [at, isGone] of [true, true, false, true, false, false, false].entries()) {
    const sent = [`p${at}`, "c"];
    isForetold.push((await say(isGone ? sent.slice(0, 1) : sent, sent, at)).rewritten !== undefined);
  }
  assert.deepEqual(isForetold, [false, true, true, true, true, true, false]);
});

test("an edited history, and another conversation with the same answer, teach nothing", async () => {
  const play = createClient(createForecasts());
  await play([user("p1", "c1")], "a1");
  const other = await play([user("x"), assistant("a1"), user("p2", "c2")], "a2");
  assert.deepEqual([other.useless, other.rewritten], [undefined, undefined]);
});

test("what is remembered of a finished turn holds nothing of the history that was expected", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const play = createClient(createForecasts());
  async function foretell(): Promise<WeakRef<readonly Message[]>> {
    await play([user("p1", "c1")], "a1");
    const { rewritten } = await play([user("p1"), assistant("a1"), user("p2", "c2")], "a2");
    assert.ok(rewritten);
    return new WeakRef(rewritten);
  }
  const rewritten = await foretell();
  const { isMet } = await play([user("p1"), assistant("a1"), user("p2"), assistant("a2"), user("p3")], "a3");
  assert.equal(isMet, true);
  await new Promise(setImmediate);
  collect();
  assert.equal(rewritten.deref(), undefined);
});
