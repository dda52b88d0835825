/** Failures as clients meet them: the right status, promptly, in one envelope, and never as an answer's text. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, beforeEach, test } from "node:test";
import { readAnswer, readError, readStream, user } from "../helpers/answer.ts";
import { createThread, readStarts, untilEnded } from "../helpers/client.ts";
import { startProxy, STEPS_CLI } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const args = ["--spares", "0"];
const proxy = await startProxy({ after }, { upstream, args });
beforeEach(() => upstream.reset());

const hi = { model: "sonnet", messages: [user("hi")] };

/**
 * What the API's status comes to, and within how many milliseconds. 401 has a test of its own: it is remembered for
 * seconds.
 */
const STATUSES = [
  { status: 400, type: "invalid_request_error", to: 400, as: "invalid_request_error", withinMs: 5000 },
  { status: 403, type: "permission_error", to: 403, as: "permission_error", withinMs: 5000 },
  { status: 404, type: "not_found_error", to: 404, as: "invalid_request_error", withinMs: 5000 },
  { status: 413, type: "request_too_large", to: 413, as: "invalid_request_error", withinMs: 5000 },
  { status: 429, type: "rate_limit_error", to: 429, as: "rate_limit_error", withinMs: 5000 },
  { status: 500, type: "api_error", to: 500, as: "server_error", withinMs: 14_000 },
  { status: 529, type: "overloaded_error", to: 503, as: "server_error", withinMs: 14_000 },
];
for (const { status, type, to, as, withinMs } of STATUSES) {
  test(`${status} from the API is ${to}, at most ${withinMs} ms after it, even where a stream was asked for`, async () => {
    upstream.answer(() => [
      { status, type, message: `words of ${status}`, headers: status === 429 ? { "retry-after": "17" } : {} },
    ]);
    const asking = proxy.chat({ ...hi, stream: status !== 413 });
    // The start of a process is not counted: it is as slow as the machine is busy.
    await upstream.called(1);
    const startedAt = performance.now();
    const response = await asking;
    const ms = performance.now() - startedAt;
    const error = await readError(response);
    assert.deepEqual([error.status, error.type], [to, as]);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    const retryAfter = Number(response.headers.get("retry-after"));
    if (status === 429) assert.ok(retryAfter >= 17 && retryAfter <= 25, `retry-after ${retryAfter}`);
    assert.ok(ms <= withinMs, `${Math.round(ms)} ms`);
  });
}

const PLAN = { CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-x", ANTHROPIC_API_KEY: "" };

function toLimitHeaders(resetAtSeconds: number): Record<string, string> {
  return {
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-reset": String(resetAtSeconds),
    "anthropic-ratelimit-unified-representative-claim": "five_hour",
  };
}

test("a plan limit is 429 with its reset time, and then answered from memory", async (t) => {
  const plan = await startProxy(t, { upstream, args, env: PLAN });
  const resetAtSeconds = Math.floor(Date.now() / 1000) + 3600;
  upstream.answer(() => [{ status: 429, type: "rate_limit_error", headers: toLimitHeaders(resetAtSeconds) }]);
  const first = await plan.chat(hi);
  const retryAfter = Number(first.headers.get("retry-after"));
  assert.ok(retryAfter > 3500 && retryAfter <= 3600, `retry-after ${retryAfter}`);
  assert.equal(first.headers.get("x-should-retry"), "false");
  const error = await readError(first);
  assert.deepEqual([error.status, error.type, error.code], [429, "rate_limit_error", "plan_limit_reached"]);
  assert.ok(error.message.includes(new Date(resetAtSeconds * 1000).toISOString()), error.message);

  const calls = upstream.calls.length;
  await untilEnded(plan, readStarts(plan)[0]?.pid);
  for (const stream of [true, false]) {
    const again = await plan.chat({ model: "opus", messages: [user("other")], stream });
    assert.ok(Number(again.headers.get("retry-after")) > 3500);
    assert.equal((await readError(again)).code, "plan_limit_reached");
  }
  assert.equal(upstream.calls.length, calls);
  assert.deepEqual([plan.children(), readStarts(plan).length], [[], 1]);
});

test("without a login turns are 401 and health is 503, both naming what to do", async (t) => {
  const stranger = await startProxy(t, { upstream, args, env: { ANTHROPIC_API_KEY: "" } });
  const error = await readError(await stranger.chat(hi));
  assert.deepEqual([error.status, error.type], [401, "authentication_error"]);
  assert.match(error.message, /claude auth login/);
  const health = await fetch(`${stranger.url}/health`);
  const body = (await health.json()) as { status: string; reason: string; auth: { logged_in: boolean } };
  assert.equal(health.status, 503);
  assert.match(body.reason, /claude auth login/);
  assert.equal(body.auth.logged_in, false);
  assert.equal(upstream.calls.length, 0);
});

/**
 * An answer that dies after `half` and comes out whole when the CLI asks again. `seen` says when the client has the
 * half.
 */
function dieOnce(seen: AbortSignal): void {
  upstream.answer((_, at) =>
    at === 0 ? [{ text: "half" }, { until: once(seen, "abort") }, { die: true }] : [{ text: "whole" }],
  );
}

test("an API that dies in mid-stream ends the stream with an error in-band and one [DONE]", async () => {
  const seen = new AbortController();
  dieOnce(seen.signal);
  const response = await proxy.chat({ ...hi, stream: true });
  assert.equal(response.status, 200);
  // Headers come with the first text.
  seen.abort();
  const { data, chunks, text } = await readStream(response);
  assert.equal(text, "half");
  assert.equal(chunks.at(-1)?.error?.type, "server_error");
  assert.ok(chunks.every((chunk) => !chunk.choices?.[0]?.finish_reason));
  assert.deepEqual([data.filter((held) => held === "[DONE]").length, data.at(-1)], [1, "[DONE]"]);
});

test("an API that dies in mid-stream never makes a whole answer of the rest alone", async () => {
  upstream.answer((call, at) => {
    if (at === 0) return [{ text: "half" }, { die: true }];
    return [{ text: JSON.stringify(call.body.messages).includes("half") ? "the rest" : "whole" }];
  });
  const response = await proxy.chat(hi);
  // What had come by then decides: the CLI asks anew, or has the model go on from there.
  if (response.status === 502) assert.match((await readError(response)).message, /broke off/);
  else assert.equal((await readAnswer(response)).text, "whole");
});

test("an API that fails before the first word is told by its status, even where a stream was asked for", async () => {
  upstream.answer(() => [{ error: "overloaded_error" }]);
  for (const stream of [true, false]) {
    const error = await readError(await proxy.chat({ ...hi, stream }));
    assert.deepEqual([error.status, error.type, error.code], [503, "server_error", "overloaded"]);
  }
});

test("an API that fails after some words is told in-band, and half an answer is never taken for a whole one", async () => {
  const seen = new AbortController();
  upstream.answer(() => [{ text: "half" }, { until: once(seen.signal, "abort") }, { error: "overloaded_error" }]);
  const response = await proxy.chat({ ...hi, stream: true });
  // Headers come with the first text.
  seen.abort();
  const { chunks, text } = await readStream(response);
  assert.deepEqual([text, chunks.at(-1)?.error?.type], ["half", "server_error"]);
  upstream.answer(() => [{ text: "half" }, { error: "overloaded_error" }]);
  assert.equal((await readError(await proxy.chat(hi))).type, "server_error");
  // Every call was for a stream: an answer in one piece would come without events.
  assert.ok(upstream.calls.every(({ body }) => body["stream"] === true));
  // What it may ask yet is no later test's.
  await untilEnded(proxy, readStarts(proxy).at(-1)?.pid);
});

test("an API that dies before the client has seen anything does not harm a stream, and an answer about errors is one", async () => {
  upstream.answer((_, at) => (at === 0 ? [{ die: true }] : [{ text: "whole" }]));
  const thread = createThread(proxy);
  assert.equal((await readStream(await thread.ask("hi", { stream: true }))).text, "whole");
  const prose = "API Error: 529 overloaded_error. Please run /login. Usage limit reached|1700000000";
  upstream.answer(() => [{ text: prose }]);
  assert.equal((await readAnswer(await thread.ask("hi"))).text, prose);
});

const tool = (parameters: object): object => ({ type: "function", function: { name: "f", parameters } });
const BAD: readonly (readonly [param: string, body: object])[] = [
  ["model", { model: undefined }],
  ["model", { model: 7 }],
  ["messages", { messages: undefined }],
  ["messages", { messages: "hi" }],
  ["messages", { messages: [] }],
  ["messages", { messages: [user("  ")] }],
  ["messages[0]", { messages: ["hi"] }],
  ["messages[0].role", { messages: [{ role: "oracle", content: "x" }] }],
  ["messages[0].content", { messages: [user(7)] }],
  ["messages[0].content", { messages: [user(null)] }],
  ["messages[0].content[1].type", { messages: [user([{ type: "text", text: "a" }, { type: "input_audio" }])] }],
  [
    "messages[0].content[0].image_url.url",
    { messages: [user([{ type: "image_url", image_url: { url: "file:///etc/passwd" } }])] },
  ],
  [
    "messages[0].content[0].image_url.url",
    { messages: [user([{ type: "image_url", image_url: { url: "data:image/bmp;base64,AAAA" } }])] },
  ],
  ["messages[0].content[0].file.file_data", { messages: [user([{ type: "file", file: { file_id: "file-1" } }])] }],
  ["messages[1].tool_call_id", { messages: [user("a"), { role: "tool", tool_call_id: "no1", content: "x" }] }],
  [
    "messages[1]",
    {
      messages: [
        user("a"),
        { role: "assistant", tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }] },
        user("b"),
      ],
    },
  ],
  ["stream", { stream: "yes" }],
  ["n", { n: 2 }],
  ["logprobs", { logprobs: true }],
  ["modalities", { modalities: ["text", "audio"] }],
  ["max_tokens", { max_tokens: 0 }],
  ["max_completion_tokens", { max_completion_tokens: 1.5 }],
  ["stop", { stop: ["a", "b", "c", "d", "e"] }],
  ["stop", { stop: "" }],
  ["reasoning_effort", { reasoning_effort: "extreme" }],
  ["response_format.type", { response_format: { type: "xml" } }],
  ["response_format.json_schema.schema", { response_format: { type: "json_schema", json_schema: { name: "x" } } }],
  [
    "response_format.json_schema.schema.type",
    { response_format: { type: "json_schema", json_schema: { schema: { type: "array" } } } },
  ],
  ["tools", { tools: {} }],
  ["tools[0].function.parameters.type", { tools: [tool({ type: "string" })] }],
  ["tools[1].function.name", { tools: [tool({}), tool({})] }],
  ["tool_choice.function.name", { tools: [tool({})], tool_choice: { type: "function", function: { name: "g" } } }],
  ["stream_options.include_usage", { stream_options: { include_usage: 1 } }],
];

test("bad input is 400 naming the field, and starts no turn", async () => {
  const found: unknown[] = [];
  for (const [, body] of BAD) {
    const { status, type, param, message } = await readError(await proxy.chat({ ...hi, ...body }));
    found.push([status, type, param]);
    assert.match(message, /^Cannot read /);
  }
  assert.deepEqual(
    found,
    BAD.map(([param]) => [400, "invalid_request_error", param]),
  );
  assert.equal(upstream.calls.length, 0);
});

test("a body that is not a JSON object is 400", async () => {
  for (const body of ["", "{", "[]", "null", '"hi"']) {
    const response = await fetch(`${proxy.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const { status, param } = await readError(response);
    assert.deepEqual([status, param], [400, "body"], body);
  }
});

test("an unknown model is 404 naming what there is, and starts no turn", async () => {
  for (const model of ["gpt-4o", "claude", "anthropic/gpt-4o", "--dangerously-skip-permissions", "__proto__"]) {
    const error = await readError(await proxy.chat({ ...hi, model }));
    assert.deepEqual([error.status, error.code, error.param], [404, "model_not_found", "model"], model);
    assert.match(error.message, /claude-sonnet-4/);
  }
  assert.equal(upstream.calls.length, 0);
});

test("a CLI that is too old is refused with 503, naming both versions", async (t) => {
  const old = await startProxy(t, { upstream, args: ["--claude", STEPS_CLI], env: { FAKE_CLI_VERSION: "2.1.100" } });
  const error = await readError(await old.chat(hi));
  assert.deepEqual([error.status, error.type], [503, "server_error"]);
  assert.match(error.message, /2\.1\.100.*2\.1\.281/);
  const health = await fetch(`${old.url}/health`);
  assert.equal(health.status, 503);
  assert.match(((await health.json()) as { reason: string }).reason, /2\.1\.100/);
});

// From the 401 on, turns are refused from memory for some seconds: this test is the last.
test("a refused key is 401, even where a stream was asked for; it names the key in use, and is remembered for a moment", async () => {
  upstream.answer(() => [{ status: 401, type: "authentication_error" }]);
  const error = await readError(await proxy.chat({ ...hi, stream: true }));
  assert.deepEqual([error.status, error.type], [401, "authentication_error"]);
  assert.match(error.message, /unset ANTHROPIC_API_KEY/);
  const calls = upstream.calls.length;
  assert.equal((await proxy.chat(hi)).status, 401);
  assert.equal(upstream.calls.length, calls);
});
