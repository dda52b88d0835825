/** Telegram beside an event stream: real sockets, a Bot API of our own, and intervals short enough to wait for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { ProxyError } from "../../src/core/error.ts";
import { NO_USAGE } from "../../src/core/event.ts";
import type { EventStream, TurnEvent } from "../../src/core/event.ts";
import { createLog } from "../../src/lib/log.ts";
import { createTelegram } from "../../src/notify/telegram.ts";
import type { Telegram } from "../../src/notify/telegram.ts";
import { eventually } from "../helpers/proxy.ts";
import { refused, startBotApi, TOKEN, tooMany } from "../helpers/telegram.ts";
import type { BotApi } from "../helpers/telegram.ts";

const INTERVAL_MS = 150;

const use = (tool: string, summary = ""): TurnEvent => ({ type: "progress", tool, summary });
const DONE: TurnEvent = { type: "done", finish: "stop", usage: NO_USAGE };

interface Bench {
  readonly api: BotApi;
  readonly telegram: Telegram;
  readonly log: readonly string[];
}

async function start(
  t: TestContext,
  settings: { timeoutMs?: number; intervalMs?: number; apiUrl?: string } = {},
): Promise<Bench> {
  const api = await startBotApi(t);
  const log: string[] = [];
  const telegram = createTelegram({
    token: TOKEN,
    chats: ["7", "8"],
    apiUrl: api.url,
    log: createLog("trace", (line) => log.push(line)),
    intervalMs: INTERVAL_MS,
    timeoutMs: 2000,
    ...settings,
  });
  t.after(() => telegram.close(0));
  return { api, telegram, log };
}

/** A turn that a test moves on step by step: each `give` settles once the batch has been taken. */
function startTurn(telegram: Telegram, chat: string | undefined = "7") {
  const steps: (readonly TurnEvent[] | Error | "end")[] = [];
  let wake: (() => void) | undefined;
  async function* play(): EventStream {
    for (;;) {
      const step = steps.shift();
      if (step === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else if (step === "end") return;
      else if (step instanceof Error) throw step;
      else yield step;
    }
  }
  const events = telegram.watch(play(), chat);
  const push = (step: (typeof steps)[number]): void => {
    steps.push(step);
    wake?.();
  };
  return {
    events,
    async give(...batch: TurnEvent[]) {
      push(batch);
      assert.deepEqual(await events.next(), { value: batch, done: false });
    },
    async end() {
      push([DONE]);
      push("end");
      await events.next();
      assert.equal((await events.next()).done, true);
    },
    async fail(error: Error) {
      push(error);
      await assert.rejects(events.next(), (thrown) => thrown === error);
    },
  };
}

const methods = ({ calls }: BotApi): string[] => calls.map(({ method }) => method);
const texts = ({ messages }: BotApi): string[] => [...messages.values()];
const isEmptied = ({ api }: Bench) =>
  eventually("the message is gone", () => methods(api).includes("deleteMessage") && api.messages.size === 0);

test("a message appears at the first tool, follows the newest, and goes with the answer", async (t) => {
  const bench = await start(t);
  const turn = startTurn(bench.telegram);
  await turn.give({ type: "start", model: "m" }, { type: "text", text: "a" });
  await turn.give(use("Read", "a.ts"));
  await bench.api.called(({ method }) => method === "sendMessage");
  assert.deepEqual(texts(bench.api), ["Working\nRead: a.ts"]);
  await turn.give(use("Bash", "npm test"));
  await turn.give(use("Agent"));
  await bench.api.called(({ body }) => body.text === "Working\nRead: a.ts\nBash: npm test\nAgent");
  await turn.end();
  await isEmptied(bench);
  assert.equal(bench.api.calls.filter(({ method }) => method === "sendMessage").length, 1);
  for (const { body } of bench.api.calls) assert.equal(body.chat_id, "7");
  assert.equal(bench.api.calls[0]?.body.disable_notification, true);
});

test("a turn without tools shows no progress", async (t) => {
  const bench = await start(t);
  const quiet = startTurn(bench.telegram);
  await quiet.give({ type: "start", model: "m" }, { type: "text", text: "a" });
  await quiet.end();
  await bench.telegram.close(1000);
  assert.deepEqual(bench.api.calls, []);
});

test("a turn without tools that times out or fails is told aloud, and that message stays", async (t) => {
  const { api, telegram } = await start(t);
  await startTurn(telegram).fail(new ProxyError("timeout", "silent for too long"));
  const begun = startTurn(telegram);
  await begun.give({ type: "start", model: "m" }, { type: "text", text: "a" });
  await begun.fail(new ProxyError("bad_gateway", "the process ended"));
  await telegram.close(1000);
  assert.deepEqual(texts(api).sort(), ["Failed: the process ended", "Timed out: silent for too long"]);
  assert.deepEqual(
    api.calls.map(({ method, body }) => [method, body.disable_notification]),
    [
      ["sendMessage", undefined],
      ["sendMessage", undefined],
    ],
  );
});

test("a failure that a client repeats is told each time, and makes a sound once", async (t) => {
  const { api, telegram } = await start(t);
  for (let tries = 0; tries < 3; tries++) {
    await startTurn(telegram).fail(new ProxyError("upstream", "status 500"));
    await eventually("it is told", () => api.calls.length === tries + 1);
  }
  await startTurn(telegram, "8").fail(new ProxyError("upstream", "status 500"));
  await telegram.close(1000);
  assert.deepEqual(
    api.calls.map(({ body }) => [body.chat_id, body.disable_notification]),
    [
      ["7", undefined],
      ["7", true],
      ["7", true],
      ["8", undefined],
    ],
  );
});

test("a turn without a chat passes through untouched", async (t) => {
  const bench = await start(t);
  async function* play(): EventStream {
    yield [use("Bash")];
  }
  const events = play();
  assert.equal(bench.telegram.watch(events, undefined), events);
});

test("many tools in a burst are one edit, and edits keep their distance", async (t) => {
  const { api, telegram } = await start(t);
  const turn = startTurn(telegram);
  await turn.give(use("Bash", "first"));
  await api.called(({ method }) => method === "sendMessage");
  for (let round = 0; round < 3; round++) {
    for (let at = 0; at < 40; at++) await turn.give(use("Bash", `${round}.${at}`));
    await api.called(({ body }) => body.text?.endsWith(`Bash: ${round}.39`) === true);
  }
  const times = api.calls.map(({ at }) => at);
  const gaps = times.slice(1).map((at, before) => at - (times[before] ?? 0));
  for (const gap of gaps) assert.ok(gap >= INTERVAL_MS, `${gap} ms`);
  assert.ok(api.calls.length <= 8, `${api.calls.length} calls for 121 tools`);
  const lines = api.calls.at(-1)?.body.text?.split("\n") ?? [];
  assert.deepEqual([lines.length, lines[1], lines.at(-1)], [12, "… 111 earlier", "Bash: 2.39"]);
  await turn.end();
});

test("an answer that ends while the first message is on its way takes it away once it is there", async (t) => {
  const bench = await start(t);
  const turn = startTurn(bench.telegram);
  await turn.give(use("Bash"));
  await bench.api.called(() => true);
  await turn.end();
  await isEmptied(bench);
  assert.deepEqual(methods(bench.api), ["sendMessage", "deleteMessage"]);
});

test("a reader that stops early, and a client that leaves, are no failures", async (t) => {
  const bench = await start(t);
  const left = startTurn(bench.telegram);
  await left.give(use("Bash"));
  await bench.api.called(() => true);
  await left.fail(new ProxyError("canceled", "The client left"));
  const stopped = startTurn(bench.telegram);
  await stopped.give(use("Read"));
  await bench.api.called(({ body }) => body.text === "Working\nRead");
  await stopped.events.return();
  await eventually(
    "both are gone",
    () => methods(bench.api).filter((method) => method === "deleteMessage").length === 2,
  );
  assert.equal(bench.api.messages.size, 0);
});

for (const [kind, head] of [
  ["timeout", "Timed out after 2 tools: silent for too long"],
  ["bad_gateway", "Failed after 2 tools: silent for too long"],
] as const) {
  test(`a ${kind} is told aloud and stays, and the progress goes`, async (t) => {
    const { api, telegram } = await start(t);
    const turn = startTurn(telegram);
    await turn.give(use("Read", "a.ts"), use("Bash", "npm test"));
    await api.called(({ method }) => method === "sendMessage");
    await turn.fail(new ProxyError(kind, "silent for too long"));
    await api.called(({ method }) => method === "deleteMessage");
    await telegram.close(1000);
    assert.deepEqual(texts(api), [`${head}\nRead: a.ts\nBash: npm test`]);
    const told = api.calls.findLast(({ method }) => method === "sendMessage");
    assert.equal(told?.body.disable_notification, undefined);
  });
}

test("an error that is not for clients keeps its words to itself", async (t) => {
  const { api, telegram } = await start(t);
  const turn = startTurn(telegram);
  await turn.give(use("Bash"));
  await turn.fail(new Error("at /home/me/secret.ts:7"));
  await api.called(({ body }) => body.text === "Failed after 1 tool: Internal error\nBash");
});

test("after a 429 nothing is sent to the chat before retry_after is over, also by other turns", async (t) => {
  const bench = await start(t);
  const { api, telegram } = bench;
  api.answer((_call, at) => (at === 0 ? tooMany(1) : "ok"));
  const [one, two] = [startTurn(telegram), startTurn(telegram)];
  await one.give(use("Bash", "one"));
  const limited = await api.called(() => true);
  await eventually("the limit is known", () => bench.log.some((line) => line.includes("outcome=limited")));
  await two.give(use("Bash", "two"));
  await api.called(({ body }) => body.text?.includes("two") === true);
  await api.called(({ at, body }) => at > limited.at && body.text?.includes("one") === true);
  for (const call of api.calls.slice(1)) assert.ok(call.at - limited.at >= 990, `${call.at - limited.at} ms`);
  await one.end();
  await two.end();
  await eventually("both are gone", () => api.messages.size === 0);
});

test("a delete that is refused with 429 is repeated", async (t) => {
  const bench = await start(t);
  let isLimited = false;
  bench.api.answer(({ method }) => {
    if (method !== "deleteMessage" || isLimited) return "ok";
    isLimited = true;
    return tooMany(1);
  });
  const turn = startTurn(bench.telegram);
  await turn.give(use("Bash"));
  await bench.api.called(({ method }) => method === "sendMessage");
  await turn.end();
  await isEmptied(bench);
  const [first, second] = bench.api.calls.filter(({ method }) => method === "deleteMessage");
  assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 990);
});

test("a server error is tried again, later each time, and given up once the turn is over", async (t) => {
  const intervalMs = 40;
  const { api, telegram } = await start(t, { intervalMs });
  api.answer(() => refused(500, "Internal Server Error"));
  const turn = startTurn(telegram);
  await turn.give(use("Bash"));
  await eventually("it was tried three times", () => api.calls.length === 3);
  const [a = 0, b = 0, c = 0] = api.calls.map(({ at }) => at);
  assert.ok(b - a >= intervalMs && c - b >= 2 * intervalMs);
  await turn.fail(new ProxyError("upstream", "no"));
  await telegram.close(60_000);
  assert.equal(api.calls.length, 3 + 4);
});

test("a chat that refuses is left alone, and said so in the log", async (t) => {
  const { api, telegram, log } = await start(t);
  api.answer(() => refused(403, "Forbidden: bot was blocked by the user"));
  const turn = startTurn(telegram);
  await turn.give(use("Bash"));
  await api.called(() => true);
  await turn.give(use("Bash"), use("Read"));
  await turn.fail(new ProxyError("timeout", "silent"));
  await telegram.close(1000);
  assert.deepEqual(methods(api), ["sendMessage"]);
  assert.ok(
    log.some(
      (line) =>
        line.includes("telegram refuses method=sendMessage") && line.includes("status 403: Forbidden: bot was blocked"),
    ),
  );
});

test("a message that the user has deleted is not edited again, and a failure is still told", async (t) => {
  const { api, telegram } = await start(t);
  api.answer(({ method }) =>
    method === "editMessageText" ? refused(400, "Bad Request: message to edit not found") : "ok",
  );
  const turn = startTurn(telegram);
  await turn.give(use("Bash", "a"));
  await api.called(({ method }) => method === "sendMessage");
  await turn.give(use("Bash", "b"));
  await api.called(({ method }) => method === "editMessageText");
  await turn.give(use("Bash", "c"));
  await turn.fail(new ProxyError("timeout", "silent"));
  await telegram.close(1000);
  assert.deepEqual(methods(api), ["sendMessage", "editMessageText", "sendMessage"]);
});

test("an edit that changes nothing is as good as done", async (t) => {
  const bench = await start(t);
  bench.api.answer(({ method }) =>
    method === "editMessageText" ? refused(400, "Bad Request: message is not modified: ...") : "ok",
  );
  const turn = startTurn(bench.telegram);
  await turn.give(use("Bash", "a"));
  await bench.api.called(({ method }) => method === "sendMessage");
  await turn.give(use("Bash", "b"));
  await bench.api.called(({ method }) => method === "editMessageText");
  await turn.end();
  await isEmptied(bench);
});

test("a Bot API that hangs holds up neither the events nor, past its grace, the end", async (t) => {
  const { api, telegram } = await start(t, { timeoutMs: 60_000 });
  api.answer(() => "hang");
  const turn = startTurn(telegram);
  const before = performance.now();
  for (let at = 0; at < 500; at++) await turn.give(use("Bash", String(at)));
  await turn.end();
  assert.ok(performance.now() - before < 10_000);
  await api.called(() => true);
  const closingAt = performance.now();
  await telegram.close(200);
  const tookMs = performance.now() - closingAt;
  assert.ok(tookMs >= 190 && tookMs < 10_000, `${tookMs} ms`);
  assert.equal(api.calls.length, 1);
});

test("a call without an answer is given up after its timeout, and made again", async (t) => {
  const bench = await start(t, { timeoutMs: 200 });
  bench.api.answer((_call, at) => (at === 0 ? "hang" : "ok"));
  const turn = startTurn(bench.telegram);
  await turn.give(use("Bash"));
  await eventually("it stands there", () => bench.api.messages.size === 1);
  await turn.end();
  await isEmptied(bench);
});

test("at 32 messages at once, further turns run on without one", async (t) => {
  const { api, telegram, log } = await start(t, { timeoutMs: 60_000 });
  api.answer(() => "hang");
  const turns = Array.from({ length: 40 }, () => startTurn(telegram));
  for (const turn of turns) await turn.give(use("Bash"));
  await eventually("all calls are there", () => api.calls.length === 32);
  for (const turn of turns) await turn.end();
  assert.equal(log.filter((line) => line.includes("too much to tell")).length, 8);
  assert.equal(api.calls.length, 32);
});

test("no log entry holds the token, whatever goes wrong", async (t) => {
  const closed = await startBotApi(t);
  const cases: readonly { settings: Parameters<typeof start>[1]; reply?: Parameters<BotApi["answer"]>[0] }[] = [
    { settings: { apiUrl: "http://127.0.0.1:9" } },
    { settings: { apiUrl: "http://[broken" } },
    { settings: { apiUrl: "http://no-such-host.invalid" } },
    { settings: { apiUrl: `${closed.url}/nowhere` } },
    { settings: {}, reply: () => refused(404, `Not Found: /bot${TOKEN}/sendMessage`) },
    { settings: {}, reply: () => refused(500, `Cannot serve ${"x".repeat(190)}${TOKEN}`) },
    { settings: {}, reply: () => ({ status: 302, body: {} }) },
  ];
  for (const { settings, reply } of cases) {
    const { api, telegram, log } = await start(t, settings);
    if (reply) api.answer(reply);
    const turn = startTurn(telegram);
    await turn.give(use("Bash"));
    await eventually("it is in the log", () => log.some((line) => line.includes("cause=")));
    await turn.end();
    await telegram.close(0);
    assert.doesNotMatch(log.join("\n"), /AAbot|Secret_token/);
  }
});

test("a request may name a chat that is listed, and no other", async (t) => {
  const { telegram } = await start(t);
  assert.equal(telegram.chooseChat(undefined), "7");
  assert.equal(telegram.chooseChat("8"), "8");
  assert.throws(
    () => telegram.chooseChat("9"),
    (error) => error instanceof ProxyError && error.kind === "forbidden" && error.param === "x-telegram-chat-id",
  );
});

test("without a set-up there is no chat, and none can be named", () => {
  const telegram = createTelegram({ token: "", chats: [], apiUrl: "http://127.0.0.1:9", log: createLog("error") });
  assert.equal(telegram.chooseChat(undefined), undefined);
  assert.throws(() => telegram.chooseChat("7"), /x-telegram-chat-id/);
});
