/** The official `openai` SDK as judge: what it parses, types and throws is what its users get. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, beforeEach, test } from "node:test";
import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from "openai";
import { LengthFinishReasonError } from "openai/core/error";
import { startProxy } from "../helpers/proxy.ts";
import { EXPECTED_USAGE, startUpstream } from "../helpers/upstream.ts";
import { readStarts, untilEnded } from "../helpers/client.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: ["--max-sessions", "2", "--spares", "0"] });
const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: "none", maxRetries: 0 });
beforeEach(() => upstream.reset());

const hi = { model: "claude-sonnet-4", messages: [{ role: "user" as const, content: "hi" }] };

/** The same again, after so many answers: the process that gave them is asked once more, and none started. */
const hiAfter = (answers: number): { model: string; messages: OpenAI.ChatCompletionMessageParam[] } => ({
  ...hi,
  messages: [
    ...Array.from({ length: answers }, () => [...hi.messages, { role: "assistant", content: "Hello world" } as const]),
    hi.messages,
  ].flat(),
});

test("create gives the answer, its usage and its request id", async () => {
  const completion = await client.chat.completions.create(hi, { headers: { "x-request-id": "sdk-1" } });
  assert.equal(completion.choices[0]?.message.content, "Hello world");
  assert.equal(completion.object, "chat.completion");
  assert.equal(completion._request_id, "sdk-1");
  assert.match(completion.id, /^chatcmpl-/);
  assert.equal(completion.usage?.total_tokens, EXPECTED_USAGE.total_tokens);
  assert.equal(completion.usage?.prompt_tokens_details?.cached_tokens, EXPECTED_USAGE.cached_tokens);
});

test("a stream is iterated to its end", async () => {
  const stream = await client.chat.completions.create({
    ...hiAfter(1),
    stream: true,
    stream_options: { include_usage: true },
  });
  const pieces: string[] = [];
  let total: number | undefined;
  for await (const chunk of stream) {
    assert.equal(chunk.object, "chat.completion.chunk");
    pieces.push(chunk.choices[0]?.delta.content ?? "");
    total = chunk.usage?.total_tokens ?? total;
  }
  assert.equal(pieces.join(""), "Hello world");
  assert.equal(total, EXPECTED_USAGE.total_tokens);
});

test("the stream helper gathers text, usage and finish reason", async () => {
  const seen: string[] = [];
  const stream = client.chat.completions.stream({ ...hiAfter(2), stream_options: { include_usage: true } });
  stream.on("content", (delta) => void seen.push(delta));
  const completion = await stream.finalChatCompletion();
  assert.deepEqual([seen.join(""), await stream.finalContent()], ["Hello world", "Hello world"]);
  assert.equal(completion.choices[0]?.finish_reason, "stop");
  assert.equal(completion.choices[0]?.message.role, "assistant");
  assert.equal((await stream.totalUsage()).completion_tokens, EXPECTED_USAGE.completion_tokens);
});

const WEATHER = {
  type: "object",
  properties: { place: { type: "string" } },
  required: ["place"],
  additionalProperties: false,
};

test("the stream helper gathers tool calls, side by side", async () => {
  const places = ["Paris 🗼", "Oslo"];
  upstream.answer(() => [
    { text: "Looking." },
    ...places.map((place, at) => ({ tool: "mcp__client__weather", input: { place }, id: `toolu_0${at}` })),
  ]);
  const tools = [{ type: "function" as const, function: { name: "weather", parameters: WEATHER } }];
  const completion = await client.chat.completions.stream({ ...hi, tools }).finalChatCompletion();
  const [choice] = completion.choices;
  assert.equal(choice?.finish_reason, "tool_calls");
  const calls = (choice?.message.tool_calls ?? []).map((call) =>
    call.type === "function" ? [call.function.name, JSON.parse(call.function.arguments)] : [],
  );
  assert.deepEqual(
    calls,
    places.map((place) => ["weather", { place }]),
  );
  assert.equal(new Set(choice?.message.tool_calls?.map(({ id }) => id)).size, 2);
});

const ZURICH = { place: "Zürich" };
const response_format = {
  type: "json_schema" as const,
  json_schema: { name: "weather", strict: true, schema: WEATHER },
};

/** "hi" once more, after an object: to the process that gave it, too. */
const hiAgain = {
  ...hi,
  messages: [...hi.messages, { role: "assistant" as const, content: JSON.stringify(ZURICH) }, ...hi.messages],
};

test("parse gives the object, of a whole answer and of a stream", async () => {
  upstream.answer(() => [{ tool: "StructuredOutput", input: ZURICH }]);
  const completion = await client.chat.completions.parse({ ...hi, response_format });
  assert.deepEqual(completion.choices[0]?.message.parsed, ZURICH);
  const streamed = await client.chat.completions.stream({ ...hiAgain, response_format }).finalChatCompletion();
  assert.deepEqual(streamed.choices[0]?.message.parsed, ZURICH);
});

test("parse of an answer that was cut off throws the SDK's own error for it", async () => {
  upstream.answer((_, at) =>
    at === 0 ? [{ tool: "StructuredOutput", input: { place: "Z" } }, { stop: "max_tokens" }] : [{ hang: true }],
  );
  await assert.rejects(
    client.chat.completions.parse({ ...hi, response_format, max_tokens: 10 }),
    LengthFinishReasonError,
  );
  // It may have gone on by itself, which is no call of the next test's.
  await untilEnded(proxy, readStarts(proxy).at(-1)?.pid);
});

test("a failure in mid-stream is thrown, after the text that had come", async () => {
  const seen = new AbortController();
  upstream.answer((_, at) =>
    at === 0 ? [{ text: "half" }, { until: once(seen.signal, "abort") }, { die: true }] : [{ text: "whole" }],
  );
  const stream = await client.chat.completions.create({ ...hiAfter(3), stream: true });
  let text = "";
  await assert.rejects(async () => {
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      if (text === "half") seen.abort();
    }
  }, APIError);
  assert.equal(text, "half");
  await untilEnded(proxy, readStarts(proxy).at(-1)?.pid);
});

test("aborting a stream closes its API call", async () => {
  upstream.answer(() => [{ text: "begun" }, { hang: true }]);
  const stream = await client.chat.completions.create({ ...hi, stream: true });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) stream.controller.abort();
  assert.equal(await upstream.calls[0]?.closed, true);
});

// From the 401 on, turns are refused from memory for some seconds: these tests are the last.
test("failures are the SDK's typed exceptions, with code, field and request id", async () => {
  await assert.rejects(client.chat.completions.create({ ...hi, n: 2 }), (error: unknown) => {
    assert.ok(error instanceof BadRequestError);
    assert.deepEqual([error.status, error.param, error.type], [400, "n", "invalid_request_error"]);
    assert.match(String(error.requestID), /^req_/);
    return true;
  });
  await assert.rejects(client.chat.completions.create({ ...hi, model: "gpt-4o" }), (error: unknown) => {
    assert.ok(error instanceof NotFoundError);
    assert.equal(error.code, "model_not_found");
    return true;
  });
  const kinds = [
    [403, PermissionDeniedError],
    [429, RateLimitError],
    [529, InternalServerError],
    [401, AuthenticationError],
  ] as const;
  for (const [status, kind] of kinds) {
    upstream.answer(() => [{ status }]);
    await assert.rejects(client.chat.completions.create({ ...hi, stream: true }), kind, String(status));
  }
});

test("a lost login is not retried, though the SDK would", async () => {
  upstream.answer(() => [{ status: 401 }]);
  const eager = new OpenAI({
    baseURL: `${proxy.url}/v1`,
    apiKey: "none",
    maxRetries: 5,
    defaultHeaders: { "x-request-id": "eager" },
  });
  await assert.rejects(eager.chat.completions.create(hi), AuthenticationError);
  // The log is written in order: what a later request's line follows is all there is.
  await fetch(`${proxy.url}/health`, { headers: { "x-request-id": "later" } });
  await proxy.logged(/id=later/);
  assert.equal(proxy.log.filter((line) => line.includes("id=eager")).length, 1);
});

test("models are listed and retrieved", async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("claude-opus-4"));
  assert.equal((await client.models.retrieve("claude-opus-4")).id, "claude-opus-4");
  await assert.rejects(client.models.retrieve("gpt-4o"), NotFoundError);
});
