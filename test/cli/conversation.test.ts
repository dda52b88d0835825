/** A conversation over the fake CLI: what its process is doing, and how it ends from each of these states. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { startConversation } from "../../src/cli/conversation.ts";
import type { Conversation } from "../../src/cli/conversation.ts";
import { isReadyFor, isResumable, isReusable, toEnding } from "../../src/cli/phase.ts";
import type { Phase } from "../../src/cli/phase.ts";
import { CliEndedError } from "../../src/cli/protocol/channel.ts";
import { createAnswer } from "../../src/cli/answer/answer.ts";
import { DEFAULT_SETTINGS } from "../../src/cli/request/setting.ts";
import type { TurnEvent } from "../../src/core/event.ts";
import type { ToolResult, Turn } from "../../src/core/turn.ts";
import { createQueue } from "../../src/lib/queue.ts";
import { PLAIN_TURN } from "../core/sample.ts";

const FAKE_CLI = join(import.meta.dirname, "../fixtures/fake-cli.sh");
const { signal } = new AbortController();

function start(t: TestContext, mode: string, options: { activityMs?: number; env?: object } = {}): Conversation {
  const conversation = startConversation({
    command: { file: FAKE_CLI, args: [], cwd: "/", env: { ...process.env, FAKE_CLI: mode, ...options.env } },
    launch: { tools: "none" },
    activityMs: options.activityMs ?? 60_000,
    onCatalogue: () => undefined,
    onDenial: () => undefined,
    onLimits: () => undefined,
    onMcpCall: () => undefined,
    onMcpStates: () => undefined,
    onPlan: () => undefined,
  });
  t.after(() => conversation.close());
  return conversation;
}

const says = (text: string, rest: Partial<Turn> = {}): Turn => ({
  ...PLAIN_TURN,
  messages: [{ role: "user", content: [{ type: "text", text }] }],
  ...rest,
});

/** Plays a turn to its end. `onEvents` sees each batch as it comes. */
async function play(
  conversation: Conversation,
  turn: Turn,
  onEvents: (events: readonly TurnEvent[]) => void = () => undefined,
): Promise<TurnEvent[]> {
  const all: TurnEvent[] = [];
  for await (const events of conversation.play({ turn, model: "sonnet", onReady: () => undefined }, signal)) {
    all.push(...events);
    onEvents(events);
  }
  return all;
}

const textOf = (events: readonly TurnEvent[]): string =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

const RESULT: ToolResult = { type: "result", id: "c", content: [{ type: "text", text: "42" }], isError: false };
const BLANK: ToolResult = { ...RESULT, content: [] };
const settings = DEFAULT_SETTINGS;
const PHASES: Readonly<Record<Phase["type"], Phase>> = {
  fresh: { type: "fresh" },
  loaded: { type: "loaded", settings },
  ready: { type: "ready", settings },
  answering: {
    type: "answering",
    settings,
    answer: createAnswer({
      stop: [],
      structured: undefined,
      tools: new Set(),
      hasOwnTools: false,
      servers: new Set(),
      readServers: () => [],
      openCalls: [],
      elapsedMs: () => 0,
    }),
    events: createQueue({ highWater: 1 }),
  },
  waiting: { type: "waiting", settings },
  spent: { type: "spent", cause: "it ended", ending: "int" },
};

test("each phase says whether it can be used again, for which message, and how it ends", () => {
  const facts = Object.values(PHASES).map((phase) => [
    phase.type,
    isReusable(phase),
    isReadyFor(phase, [], 1),
    isReadyFor(phase, [RESULT], 0),
    toEnding(phase),
  ]);
  assert.deepEqual(facts, [
    ["fresh", false, true, false, "unused"],
    ["loaded", true, true, true, "eof"],
    ["ready", true, true, false, "eof"],
    ["answering", false, true, false, "term"],
    ["waiting", true, false, true, "term"],
    ["spent", false, false, false, "int"],
  ]);
});

test("a session can be resumed from each phase that can be used again, and after a cut answer that the CLI has", () => {
  for (const phase of Object.values(PHASES)) assert.equal(isResumable(phase), isReusable(phase), phase.type);
  assert.equal(isResumable({ ...PHASES.spent, isWhole: true } as Phase), true);
});

test("held calls take results only, and only such as the CLI passes on unchanged", () => {
  assert.equal(isReadyFor(PHASES.waiting, [RESULT], 1), false);
  assert.equal(isReadyFor(PHASES.waiting, [RESULT, BLANK], 0), false);
});

test("one process takes turn after turn, and can be used again from the moment its end is told", async (t) => {
  const conversation = start(t, "echo");
  assert.deepEqual([conversation.isAlive, conversation.isReusable], [true, false]);
  for (const words of ["one", "two", "three"]) {
    const seen: boolean[] = [];
    const events = await play(conversation, says(words), (batch) => {
      if (batch.at(-1)?.type === "done") seen.push(conversation.isReusable);
    });
    assert.deepEqual([textOf(events), seen], [words, [true]]);
  }
  await conversation.close();
  assert.equal(conversation.isAlive, false);
});

test("a reader that never waits loses nothing of a flood, and its end leaves a process that goes on", async (t) => {
  const conversation = start(t, "flood", { env: { FAKE_CLI_DELTAS: "3000" } });
  const expected = Array.from({ length: 3000 }, (_, at) => `${at} `).join("");
  for (let turn = 0; turn < 2; turn++) assert.equal(textOf(await play(conversation, says("hi"))), expected);
});

test("a turn left in its middle leaves a process of no use", async (t) => {
  const conversation = start(t, "stall");
  for await (const events of conversation.play({ turn: says("hi"), model: "s", onReady: () => undefined }, signal)) {
    assert.equal(textOf(events), "hi");
    break;
  }
  assert.deepEqual([conversation.isAlive, conversation.isReusable], [false, false]);
  await assert.rejects(play(conversation, says("again")), CliEndedError);
});

test("an abort ends the wait with its reason, also one that came before", async (t) => {
  const conversation = start(t, "silent");
  const leaving = new AbortController();
  const step = { turn: says("hi"), model: "s", onReady: () => undefined };
  const left = new Error("left");
  await assert.rejects(conversation.play(step, AbortSignal.abort(left)).next(), left);
  assert.equal(conversation.isAlive, true, "nothing was asked of it");
  const waiting = conversation.play(step, leaving.signal).next();
  leaving.abort(left);
  await assert.rejects(waiting, left);
  assert.equal(conversation.isAlive, false);
});

test("the time that the set-up takes is none of the API's failing", async (t) => {
  assert.equal(textOf(await play(start(t, "late"), says("hi"))), "hi");
});

test("silence in a turn is a timeout", async (t) => {
  const conversation = start(t, "silent", { activityMs: 100 });
  await assert.rejects(play(conversation, says("hi")), { kind: "timeout" });
});

for (const mode of ["die", "garbage"]) {
  test(`${mode}: what was said is given first, then the end of the process`, async (t) => {
    const conversation = start(t, mode);
    const seen: TurnEvent[] = [];
    await assert.rejects(
      play(conversation, says("hi"), (events) => void seen.push(...events)),
      CliEndedError,
    );
    assert.equal(textOf(seen), "hi");
    assert.equal(conversation.isAlive, false);
    await conversation.gone;
  });
}

test("a turn that nobody asked for ends its process", async (t) => {
  const conversation = start(t, "restless");
  assert.equal(textOf(await play(conversation, says("hi"))), "hi");
  await conversation.gone;
  assert.deepEqual([conversation.isAlive, conversation.isReusable], [false, false]);
});

test("a process that is closed under its turn tells the reader so, and not that it died", async (t) => {
  const conversation = start(t, "stall");
  const playing = play(conversation, says("hi"), () => void conversation.close());
  await assert.rejects(playing, { kind: "unavailable" });
  await assert.rejects(playing, (error) => !(error instanceof CliEndedError));
});

test("a process that ended while it waited is told to the next turn as an end that it has not seen", async (t) => {
  const conversation = start(t, "echo");
  await play(conversation, says("hi"));
  process.kill(conversation.pid ?? 0, "SIGKILL");
  await conversation.gone;
  await assert.rejects(play(conversation, says("again")), CliEndedError);
});
