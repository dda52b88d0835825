/**
 * Telegram messages of real turns: the built program, the real CLI with its own tools, a scripted API, a Bot API of our
 * own.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { after, test } from "node:test";
import { NEWEST_TESTED } from "../../src/cli/install/release.ts";
import { assistant, readStream, user } from "../helpers/answer.ts";
import { BUNDLE, eventually, startProxy, STEPS_CLI } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import type { Scope } from "../helpers/scope.ts";
import { refused, startBotApi, TOKEN } from "../helpers/telegram.ts";
import type { BotApi } from "../helpers/telegram.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { Step, Upstream } from "../helpers/upstream.ts";

interface Stage {
  readonly api: BotApi;
  readonly upstream: Upstream;
  readonly proxy: Proxy;
}

async function start(t: Scope, ...args: readonly string[]): Promise<Stage> {
  const [api, upstream] = await Promise.all([startBotApi(t), startUpstream(t)]);
  const env = {
    TELEGRAM_NOTIFY_ID: "7, 8",
    TELEGRAM_BOT_TOKEN: TOKEN,
    TELEGRAM_API_URL: `${api.url}/`,
    IS_SANDBOX: "1",
  };
  const proxy = await startProxy(t, {
    upstream,
    args: ["--tools", "full", "--spares", "0", "--log-level", "trace", ...args],
    env,
  });
  return { api, upstream, proxy };
}

const ask = { model: "opus", messages: [user("go")] };
const bash = (command: string): Step => ({ tool: "Bash", input: { command } });

/** Plays these rounds for each new question, and then a last text. */
function play(upstream: Upstream, rounds: readonly (readonly Step[])[]): void {
  const first = upstream.calls.length;
  upstream.answer((_call, at) => rounds[at - first] ?? [{ text: "finished" }]);
}

function assertNoToken({ proxy }: Stage): void {
  assert.doesNotMatch(proxy.log.join("\n"), /AAbot|Secret_token/);
}

/** Shared by the tests that leave no message behind, or take theirs away; the last of them stops it. */
const shared = await start({ after });

test("a turn's tools are told while they run, and the message goes with the answer", async () => {
  const stage = shared;
  const { api, upstream, proxy } = stage;
  let goOn = (): void => undefined;
  const isTold = new Promise<void>((resolve) => (goOn = resolve));
  play(upstream, [[bash("true --password=hunter2")], [bash("env"), { until: isTold }]]);
  const answer = proxy.chat({ ...ask, stream: true });
  await api.called(({ method }) => method === "sendMessage");
  assert.deepEqual([...api.messages.values()], ["Working\nBash: true"]);
  goOn();
  const { text } = await readStream(await answer);
  assert.equal(text, "finished");
  await eventually(
    "the message is gone",
    () => api.messages.size === 0 && api.calls.some(({ method }) => method === "deleteMessage"),
  );

  // A turn without tools, and one whose tools are switched off.
  const count = api.calls.length;
  upstream.answer(() => [{ text: "no tools" }]);
  const messages = [...ask.messages, assistant(text), user("go")];
  await (await proxy.chat({ ...ask, messages })).text();
  await (await proxy.chat(ask, { headers: { "x-claude-tools": "none" } })).text();
  // A call of theirs would come before all of a later turn's.
  play(upstream, [[bash("true")]]);
  await (await proxy.chat({ ...ask, messages: [user("a tool")] }, { headers: { "x-telegram-chat-id": "8" } })).text();
  const { body } = await api.called((call) => api.calls.indexOf(call) === count);
  assert.equal(body.chat_id, "8");
  await eventually("the message is gone", () => api.messages.size === 0);

  // The shell of the model is not given the token, and neither is the log at its most talkative.
  assert.doesNotMatch(JSON.stringify(upstream.calls.map(({ body }) => body.messages)), /AAbot|Secret_token|TELEGRAM/);
  assert.ok(proxy.log.some((line) => line.includes(" trace ")));
  assertNoToken(stage);
});

test("a request may name a listed chat; any other is a 403 that names the header", async () => {
  const { api, upstream, proxy } = shared;
  play(upstream, [[bash("true")]]);
  const [told, asked] = [api.calls.length, upstream.calls.length];
  const refusal = await proxy.chat(ask, { headers: { "x-telegram-chat-id": "9" } });
  const { error } = (await refusal.json()) as { error: { message: string; param: string } };
  assert.deepEqual([refusal.status, error.param], [403, "x-telegram-chat-id"]);
  assert.match(error.message, /x-telegram-chat-id/);
  assert.equal(upstream.calls.length, asked);
  await (await proxy.chat(ask, { headers: { "x-telegram-chat-id": "8" } })).text();
  await eventually("the message is gone", () => api.calls.slice(told).some(({ method }) => method === "deleteMessage"));
  assert.deepEqual([...new Set(api.calls.slice(told).map(({ body }) => body.chat_id))], ["8"]);
});

test("a turn that fails after its tools is told of, and that message stays", async () => {
  const stage = shared;
  const first = stage.upstream.calls.length;
  stage.upstream.answer((_call, at) =>
    at === first ? [bash("true")] : [{ status: 400, message: "credit balance too low" }],
  );
  const [told, before] = [stage.api.calls.length, stage.api.messages.size];
  const response = await stage.proxy.chat(ask);
  assert.equal(response.status, 400);
  await eventually(
    "only the failure stands",
    () =>
      stage.api.calls.slice(told).some(({ method }) => method === "deleteMessage") &&
      stage.api.messages.size === before + 1,
  );
  assert.match(
    [...stage.api.messages.values()].at(-1) ?? "",
    /^Failed after 1 tool: .*credit balance too low.*\nBash: true$/,
  );
  assertNoToken(stage);
});

test("a turn without tools that fails is told of", async () => {
  const stage = shared;
  const before = stage.api.messages.size;
  stage.upstream.answer(() => [{ status: 400, message: "credit balance too low" }]);
  assert.equal((await stage.proxy.chat(ask)).status, 400);
  await stage.api.called(({ body }) => /^Failed: .*credit balance too low/.test(body.text ?? ""));
  assert.equal(stage.api.messages.size, before + 1);
  assertNoToken(stage);
});

test("a program that stops takes its messages away first", async () => {
  const { api, upstream, proxy } = shared;
  const [told, standing] = [api.calls.length, api.messages.size];
  play(upstream, [[bash("true")], [{ hang: true }]]);
  const leaving = new AbortController();
  const answer = proxy.chat(ask, { signal: leaving.signal });
  await eventually("it is told", () => api.calls.slice(told).some(({ method }) => method === "sendMessage"));
  proxy.kill("SIGTERM");
  await proxy.logged(/stopping/);
  leaving.abort();
  await assert.rejects(answer);
  await proxy.exited;
  assert.equal(api.messages.size, standing);
  assert.equal(api.calls.at(-1)?.method, "deleteMessage");
});

test("a server without Telegram knows no chat", async (t) => {
  const proxy = await startProxy(t, {
    args: ["--spares", "0", "--claude", STEPS_CLI],
    env: { FAKE_CLI_VERSION: NEWEST_TESTED },
  });
  assert.equal((await proxy.chat(ask, { headers: { "x-telegram-chat-id": "7" } })).status, 403);
});

test("a turn without tools that times out is told of", async (t) => {
  const { api, upstream, proxy } = await start(t, "--activity-timeout", "2");
  upstream.answer(() => [{ text: "begun" }, { hang: true }]);
  await (await proxy.chat({ ...ask, stream: true })).text();
  await api.called(({ body }) => /^Timed out: .*2 seconds$/.test(body.text ?? ""));
});

test("a Bot API that hangs or refuses changes neither an answer nor its time, and the program still stops", async (t) => {
  const stage = await start(t);
  const { api, upstream, proxy } = stage;
  async function time(): Promise<number> {
    play(upstream, [[bash("true")], [bash("true")]]);
    const before = performance.now();
    const response = await proxy.chat(ask, { headers: { "x-claude-session": "live" } });
    const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
    assert.equal(choices[0]?.message.content, "finished");
    return performance.now() - before;
  }
  await time();
  const plainMs = await time();
  await eventually("the messages are gone", () => api.messages.size === 0);
  const count = api.calls.length;
  api.answer(() => "hang");
  const hungMs = await time();
  await eventually("it was called", () => api.calls.length > count);
  // A turn that waited for a call would wait for its 10 s to run out.
  assert.ok(hungMs < plainMs + 8000, `${hungMs} ms beside ${plainMs} ms`);
  api.answer(() => refused(403, `Forbidden: bot${TOKEN} was blocked by the user`));
  await time();
  await proxy.logged(/telegram refuses/);
  const stoppingAt = performance.now();
  proxy.kill("SIGTERM");
  assert.equal((await proxy.exited).code, 0);
  assert.ok(performance.now() - stoppingAt < 8000);
  assertNoToken(stage);
});

const WRONG: readonly (readonly [env: NodeJS.ProcessEnv, sentence: RegExp])[] = [
  [{ TELEGRAM_NOTIFY_ID: "7" }, /^Cannot use TELEGRAM_NOTIFY_ID: TELEGRAM_BOT_TOKEN must hold/],
  [
    { TELEGRAM_NOTIFY_ID: "7", TELEGRAM_BOT_TOKEN: `${TOKEN}/../x` },
    /^Cannot use TELEGRAM_NOTIFY_ID: TELEGRAM_BOT_TOKEN must hold/,
  ],
  [{ TELEGRAM_NOTIFY_ID: "7,me", TELEGRAM_BOT_TOKEN: TOKEN }, /^Cannot use TELEGRAM_NOTIFY_ID me: expected chat ids/],
  [
    { TELEGRAM_NOTIFY_ID: "7", TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_API_URL: "telegram" },
    /^Cannot use TELEGRAM_API_URL: expected/,
  ],
];

for (const [env, sentence] of WRONG) {
  test(`the set-up ${Object.keys(env).join(", ")} that cannot be used is one sentence without the token, and exit 2: ${sentence.source}`, async () => {
    const child = execFile(process.execPath, [BUNDLE, "--port", "0"], { env: { PATH: process.env["PATH"], ...env } });
    let stderr = "";
    child.stderr?.on("data", (text: string) => (stderr += text));
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 2);
    assert.match(stderr, sentence);
    assert.equal(stderr.trim().split("\n").length, 1);
    assert.doesNotMatch(stderr, /AAbot|Secret_token/);
  });
}
