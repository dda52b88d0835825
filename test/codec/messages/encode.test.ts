/** Messages on the wire: exact JSON of streams, whole answers and errors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEncoder } from "../../../src/codec/messages/encode.ts";
import type { MessagesForm } from "../../../src/codec/messages/form.ts";
import type { MessageEvent, MessageObject } from "../../../src/codec/messages/wire.ts";
import { countTokens, messages } from "../../../src/codec/messages/messages.ts";
import { HTTP_STATUS, ProxyError } from "../../../src/core/error.ts";
import type { ErrorKind } from "../../../src/core/error.ts";
import { NO_USAGE } from "../../../src/core/event.ts";
import type { AnswerEvent } from "../../../src/core/event.ts";
import { createFold } from "../../../src/core/reply.ts";
import type { SseFrame } from "../../../src/lib/sse.ts";
import { finish } from "../../../src/lib/work.ts";
import { START, text, USAGE } from "../../core/sample.ts";
import { checkGolden, checkGoldenFrames } from "../golden.ts";
import { ANSWERS } from "../sample.ts";
import { EMPTY_STORE, META } from "../wire.ts";
import { read } from "./request.ts";

const PLAIN = read().form;
const WITH_THINKING = read({ thinking: { type: "adaptive" } }).form;

function toFrames(events: readonly AnswerEvent[], form: MessagesForm): SseFrame[] {
  return events.flatMap(createEncoder(form, META).encode);
}

function toWhole(events: readonly AnswerEvent[], form: MessagesForm): unknown {
  const fold = createFold();
  fold.add(events);
  return messages.encodeReply(fold.reply, form, META);
}

for (const name of ["text", "empty", "thinking", "tools", "length", "filter", "stop"] as const) {
  const form = name === "thinking" ? WITH_THINKING : PLAIN;
  test(`a stream with ${name} matches its golden`, () =>
    checkGoldenFrames(`messages-${name}-stream`, toFrames(ANSWERS[name], form)));
  test(`a whole answer with ${name} matches its golden`, () =>
    checkGolden(`messages-${name}`, toWhole(ANSWERS[name], form)));
}

test("thinking that was not asked for is not shown", () => {
  const frames = toFrames(ANSWERS.thinking, PLAIN).map(({ data }) => data);
  assert.match(frames.join("\n"), /text_delta/);
  assert.doesNotMatch(frames.join("\n"), /thinking/);
  assert.doesNotMatch(JSON.stringify(toWhole(ANSWERS.thinking, PLAIN)), /thinking/);
});

const INTERLEAVED: readonly AnswerEvent[] = [
  START,
  { type: "thinking", text: "one" },
  { type: "signature", signature: "a" },
  text("first"),
  { type: "redacted", data: "d" },
  { type: "signature", signature: "b" },
  text("second"),
  { type: "done", finish: "stop", usage: NO_USAGE },
];

/** The blocks of a stream, as clients fold them. */
function toStreamed(form: MessagesForm): unknown[] {
  const blocks: Record<string, unknown>[] = [];
  for (const { data } of toFrames(INTERLEAVED, form)) {
    const { type, index, content_block, delta } = JSON.parse(data) as MessageEvent & Record<string, unknown>;
    if (type === "content_block_start") blocks[index] = { ...content_block };
    const block = type === "content_block_delta" ? blocks[index] : undefined;
    if (!block || type !== "content_block_delta") continue;
    if (delta.type === "signature_delta") block["signature"] = delta.signature;
    if (delta.type === "thinking_delta") block["thinking"] = `${block["thinking"]}${delta.thinking}`;
    if (delta.type === "text_delta") block["text"] = `${block["text"]}${delta.text}`;
  }
  return blocks;
}

test("interleaved thinking keeps its places and signatures, streamed and whole, as far as it was asked for", () => {
  const toBlocks = (words: string): object[] => [
    { type: "thinking", thinking: words, signature: "a" },
    { type: "text", text: "first" },
    { type: "redacted_thinking", data: "d" },
    { type: "thinking", thinking: "", signature: "b" },
    { type: "text", text: "second" },
  ];
  const cases = [
    ["shown", toBlocks("one")],
    ["signed", toBlocks("")],
    ["hidden", [{ type: "text", text: "firstsecond" }]],
  ] as const;
  for (const [thinking, blocks] of cases) {
    const form = { ...PLAIN, thinking };
    assert.deepEqual(toStreamed(form), blocks);
    assert.deepEqual((toWhole(INTERLEAVED, form) as MessageObject).content, blocks);
  }
});

test("the words of every kind of error match their golden", () => {
  const kinds = Object.keys(HTTP_STATUS) as ErrorKind[];
  checkGolden(
    "messages-errors",
    Object.fromEntries(kinds.map((kind) => [kind, messages.encodeError(new ProxyError(kind, "Words"))])),
  );
});

test("a refused thread is told in the words that make the official client go on without", () => {
  checkGolden("messages-thread", messages.encodeError(new ProxyError("invalid_request", "Words", { param: "thread" })));
});

test("a stream that fails ends in one error event", () => {
  const encoder = createEncoder(PLAIN, META);
  const frames = [
    ...[START, text("Hel")].flatMap(encoder.encode),
    ...encoder.fail(new ProxyError("overloaded", "The API is overloaded")),
  ];
  checkGoldenFrames("messages-stream-error", frames);
});

test("message_start names the estimate of the input tokens, which is what count_tokens answers", () => {
  const body = { model: "opus", messages: [{ role: "user", content: "x".repeat(700) }], system: "Be brief." };
  const { form } = finish(messages.decode({ ...body, max_tokens: 64, stream: true }, EMPTY_STORE));
  const [first] = createEncoder(form, META).encode(START);
  const { message } = JSON.parse(first?.data ?? "") as { message: { usage: { input_tokens: number } } };
  assert.deepEqual(message.usage.input_tokens, finish(countTokens(body)).input_tokens);
  assert.ok(message.usage.input_tokens > 200);
});

test("message_start names the input that the API has counted, where it is known by then", () => {
  const { form } = read({ stream: true });
  const usage = { input: 3, cacheCreation: 2, cacheRead: 1 };
  const [first] = createEncoder(form, META).encode({ type: "start", model: "m", usage });
  const { message } = JSON.parse(first?.data ?? "") as { message: { usage: object } };
  assert.deepEqual(message.usage, {
    input_tokens: 3,
    cache_creation_input_tokens: 2,
    cache_read_input_tokens: 1,
    output_tokens: 0,
  });
});

test("an answer that has filled the context window says so, streamed and whole", () => {
  const full: readonly AnswerEvent[] = [
    START,
    text("Once"),
    { type: "done", finish: "length", isWindowFull: true, usage: USAGE },
  ];
  assert.match(JSON.stringify(toFrames(full, PLAIN)), /model_context_window_exceeded/);
  assert.equal((toWhole(full, PLAIN) as MessageObject).stop_reason, "model_context_window_exceeded");
});

test("usage tells of thinking, of the cache by time, of the tier and of the speed where they are known", () => {
  const told = {
    ...USAGE,
    thinking: 4,
    cacheWrites: { fiveMinutes: 1, oneHour: 2 },
    serviceTier: "standard",
    speed: "fast",
  };
  const { usage } = toWhole([START, { type: "done", finish: "stop", usage: told }], PLAIN) as { usage: object };
  const { output_tokens_details, cache_creation, service_tier, speed } = usage as Record<string, unknown>;
  const split = { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 2 };
  assert.deepEqual([cache_creation, service_tier, speed], [split, "standard", "fast"]);
  assert.deepEqual(output_tokens_details, { thinking_tokens: 4 });
});
