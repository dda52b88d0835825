/** A login with a plan, from the API's headers to those who are told: the real CLI, one server for all tests (P75, P76). */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { NEWEST_TESTED } from "../../src/cli/install/release.ts";
import type { Usage } from "../../src/meter/usage.ts";
import { assistant, readError, readFinish, user } from "../helpers/answer.ts";
import { makeFolder } from "../helpers/folder.ts";
import { PLAN_LOGIN, toPlanHeaders } from "../helpers/plan.ts";
import { runProgram } from "../helpers/command.ts";
import { eventually, startProxy, STEPS_CLI } from "../helpers/proxy.ts";
import { startBotApi, TOKEN } from "../helpers/telegram.ts";
import { call, calling, inTurn, result, tool } from "../helpers/tools.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { Step } from "../helpers/upstream.ts";

const RESET = Math.floor(Date.now() / 1000) + 2 * 3600;
const RESET_TEXT = new Date(RESET * 1000).toISOString();
const ask = { model: "sonnet", messages: [user("hi")] };
const TOOLS = [tool("look")];

const [upstream, bot] = await Promise.all([startUpstream({ after }), startBotApi({ after })]);
const proxy = await startProxy(
  { after },
  {
    upstream,
    args: ["--spares", "0", "--plan-reserve", "10"],
    env: { ...PLAN_LOGIN, TELEGRAM_NOTIFY_ID: "7", TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_API_URL: bot.url },
  },
);
beforeEach(() => upstream.reset());

const tell = (fiveHour: number): Step => ({ headers: toPlanHeaders({ fiveHour, resetsAtSeconds: RESET }) });

/** The first question again, after answers to it: the process that gave them is asked. */
const afterAnswers = (count: number): object => ({
  ...ask,
  messages: [...Array.from({ length: count }, () => [user("hi"), assistant("Hello")]).flat(), user("hi")],
});

async function readPlan(): Promise<Usage["plan"]> {
  return ((await (await fetch(`${proxy.url}/usage`)).json()) as Usage).plan;
}

async function untilUsed(fiveHour: number): Promise<void> {
  await eventually(`${fiveHour} is known`, async () => (await readPlan())?.windows[0]?.utilization === fiveHour);
}

test("the plan is not known before the first answer, and known with it: in /usage, in the headers, in /metrics", async () => {
  const before = (await (await fetch(`${proxy.url}/usage`)).json()) as Usage;
  assert.deepEqual([before.plan, before.plan_reason], [null, "The plan is not known yet: the first answer tells it"]);
  upstream.answer(() => [tell(0.42), { text: "Hello" }]);
  const response = await proxy.chat(ask);
  assert.equal(response.status, 200);
  assert.deepEqual(
    ["status", "5h-utilization", "5h-reset", "7d-utilization", "7d-reset"].map((name) =>
      response.headers.get(`anthropic-ratelimit-unified-${name}`),
    ),
    ["allowed", "0.42", String(RESET), "0.1", String(RESET + 86_400)],
  );
  assert.deepEqual(await readPlan(), {
    status: "allowed",
    windows: [
      { name: "five_hour", utilization: 0.42, status: "allowed", resets_at: RESET_TEXT },
      {
        name: "seven_day",
        utilization: 0.1,
        status: "allowed",
        resets_at: new Date((RESET + 86_400) * 1000).toISOString(),
      },
    ],
    overage: { in_use: false, status: null, disabled_reason: null },
  });
  assert.match(
    await (await fetch(`${proxy.url}/metrics`)).text(),
    /^claude_max_api_plan_utilization_ratio\{window="five_hour"\} 0\.42$/m,
  );
});

test("a report that comes after a held call, when no turn is read, is taken", async () => {
  upstream.answer(inTurn([tell(0.55), call("look", { q: "a" }, "toolu_01Ab")]));
  assert.equal(await readFinish(await proxy.chat({ ...ask, tools: TOOLS })), "tool_calls");
  await untilUsed(0.55);
});

test("a report that comes after an answer was cut at its limit is taken", async () => {
  upstream.answer(() => [tell(0.61), { text: "Hello" }, { stop: "max_tokens" }]);
  assert.equal(await readFinish(await proxy.chat({ ...afterAnswers(1), max_tokens: 16 })), "length");
  await untilUsed(0.61);
});

test("a request that only extra usage would carry, and a used-up allowance, have codes of their own and say what to do", async () => {
  upstream.answer(() => [
    { status: 400, type: "invalid_request_error", message: "Third-party apps now draw from your extra usage." },
  ]);
  // The process that holds the call takes its result, and fails.
  const messages = [user("hi"), calling(["toolu01Ab", "look", { q: "a" }]), result("toolu01Ab", "seen")];
  const third = await readError(await proxy.chat({ ...ask, messages, tools: TOOLS, stream: true }));
  assert.deepEqual([third.status, third.code], [400, "extra_usage_required"]);
  assert.match(third.message, /claude\.ai\/settings\/usage/);
  upstream.answer(() => [{ status: 402, type: "billing_error", message: "Out of credits" }]);
  const response = await fetch(`${proxy.url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...ask, max_tokens: 64 }),
  });
  const { error } = (await response.json()) as { error: { type: string; message: string } };
  assert.deepEqual([response.status, error.type], [402, "billing_error"]);
  assert.match(error.message, /allowance is used up/);
});

test("a page that follows /usage/events and is closed has been answered", async () => {
  const leaving = new AbortController();
  const response = await fetch(`${proxy.url}/usage/events`, { signal: leaving.signal });
  const reader = response.body?.getReader();
  const first = await reader?.read();
  assert.match(Buffer.from(first?.value ?? []).toString(), /^event: usage\ndata: \{/);
  leaving.abort();
  assert.match(await proxy.logged(/path=\/usage\/events /), / status=200 /);
});

// Each of these tells more of the plan than the one before.
test("Telegram is told once that 80 % are passed", async () => {
  for (const [at, used] of [0.82, 0.84].entries()) {
    upstream.answer(() => [tell(used), { text: "Hello" }]);
    await (await proxy.chat(afterAnswers(at))).text();
    await untilUsed(used);
  }
  await bot.called(({ body }) => /^Plan, 5 hours: 82 % used, resets in (?:2 h|1 h 5\d min)$/.test(body.text ?? ""));
});

test("past the reserve turns are refused until the reset, from memory", async () => {
  upstream.answer(() => [tell(0.96), { text: "Hello" }]);
  await (await proxy.chat(afterAnswers(2))).text();
  const response = await proxy.chat({ ...ask, stream: true });
  const retryAfter = Number(response.headers.get("retry-after"));
  assert.ok(retryAfter > 7000 && retryAfter <= 7200, `retry-after ${retryAfter}`);
  assert.equal(response.headers.get("anthropic-ratelimit-unified-5h-utilization"), "0.96");
  const error = await readError(response);
  assert.deepEqual([error.status, error.code], [429, "plan_limit_reached"]);
  assert.match(error.message, /--plan-reserve 10/);
  assert.ok(error.message.includes(RESET_TEXT), error.message);
  assert.equal(upstream.calls.length, 1);
  // Telegram is told of 95 % too, and of nothing between.
  await bot.called(({ body }) => body.text?.startsWith("Plan, 5 hours: 96 % used") === true);
  const told = bot.calls.filter(({ body }) => body.text?.startsWith("Plan"));
  assert.equal(told.length, 2);
});

test("usage and doctor tell the plan as the server knows it", async (t) => {
  const env = { HOME: makeFolder(t) };
  const port = ["--port", new URL(proxy.url).port];
  const { windows } = (await readPlan()) ?? assert.fail("no plan");
  const usage = await runProgram(["usage", ...port], env);
  assert.equal(usage.code, 0, usage.stderr);
  assert.match(usage.stdout, /^ {2}5 hours {2}█+░+ +96 % {2}resets in /m);
  const json = await runProgram(["usage", "--json", ...port], env);
  assert.deepEqual((JSON.parse(json.stdout) as Usage).plan?.windows, windows);
  const doctor = await runProgram(["doctor", "--claude", STEPS_CLI, ...port], {
    ...env,
    FAKE_CLI_VERSION: NEWEST_TESTED,
  });
  assert.match(doctor.stdout, /^ok {4}plan +5 hours 96 % used, resets in .*; 7 days 10 % used, resets in/m);
  const none = await runProgram(["usage", "--port", "1"], env);
  assert.deepEqual([none.code, none.stdout], [1, ""]);
  assert.match(none.stderr, /^No server answers at 127\.0\.0\.1:1\. Start it with claude-max-api/);
});
