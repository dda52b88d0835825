/** Chat answers on the wire: exact JSON of streams, whole answers and errors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chat } from "../../../src/codec/chat/chat.ts";
import { createEncoder } from "../../../src/codec/chat/encode.ts";
import type { ChatForm } from "../../../src/codec/chat/form.ts";
import { HTTP_STATUS, ProxyError } from "../../../src/core/error.ts";
import type { ErrorKind } from "../../../src/core/error.ts";
import type { AnswerEvent } from "../../../src/core/event.ts";
import { createFold } from "../../../src/core/reply.ts";
import type { SseFrame } from "../../../src/lib/sse.ts";
import { START, USAGE } from "../../core/sample.ts";
import { checkGolden, checkGoldenFrames } from "../golden.ts";
import { ANSWERS } from "../sample.ts";
import { META } from "../wire.ts";
import { read } from "./request.ts";

const PLAIN = read().form;
const WITH_USAGE: ChatForm = { ...PLAIN, includeUsage: true };
const LEGACY: ChatForm = { ...PLAIN, isLegacy: true };

function toFrames(events: readonly AnswerEvent[], form: ChatForm): SseFrame[] {
  return events.flatMap(createEncoder(form, META).encode);
}

function toWhole(events: readonly AnswerEvent[], form: ChatForm): unknown {
  const fold = createFold();
  fold.add(events);
  return chat.encodeReply(fold.reply, form, META);
}

const CASES: readonly (readonly [name: string, events: readonly AnswerEvent[], form: ChatForm])[] = [
  ["text", ANSWERS.text, PLAIN],
  ["empty", ANSWERS.empty, PLAIN],
  ["thinking", ANSWERS.thinking, PLAIN],
  ["tools", ANSWERS.tools, PLAIN],
  ["legacy", ANSWERS.call, LEGACY],
  ["usage", ANSWERS.text, WITH_USAGE],
  ["length", ANSWERS.length, PLAIN],
  ["content-filter", ANSWERS.filter, PLAIN],
];

for (const [name, events, turn] of CASES) {
  test(`a stream with ${name} matches its golden`, () =>
    checkGoldenFrames(`chat-${name}-stream`, toFrames(events, turn)));
  test(`a whole answer with ${name} matches its golden`, () => checkGolden(`chat-${name}`, toWhole(events, turn)));
}

test("the words of every kind of error match their golden", () => {
  const kinds = Object.keys(HTTP_STATUS) as ErrorKind[];
  checkGolden(
    "chat-errors",
    Object.fromEntries(
      kinds.map((kind) => [kind, chat.encodeError(new ProxyError(kind, "Words", { param: "model" }))]),
    ),
  );
});

test("a plan limit has a code of its own, and an error about no field a null for it", () => {
  checkGolden(
    "chat-plan-limit",
    chat.encodeError(
      new ProxyError("rate_limited", "Plan limit reached", { planLimit: "account", retryAfterSeconds: 60 }),
    ),
  );
});

test("an error's body does not show its cause", () => {
  const error = new ProxyError("internal", "Internal error", { cause: new Error("/home/me/secret") });
  assert.doesNotMatch(JSON.stringify(chat.encodeError(error)), /secret/);
});

test("a stream that fails ends in the envelope and one [DONE]", () => {
  checkGoldenFrames(
    "chat-stream-error",
    createEncoder(PLAIN, META).fail(new ProxyError("overloaded", "The API is overloaded")),
  );
});

test("a stream that began before the model was known keeps the name it began with", () => {
  const { encode } = createEncoder(PLAIN, META);
  const first = encode({ type: "start", model: "claude-expected" });
  assert.deepEqual(encode(START), []);
  const models = [...first, ...encode({ type: "text", text: "a" })].map(
    ({ data }) => (JSON.parse(data) as { model: string }).model,
  );
  assert.deepEqual(new Set(models), new Set(["claude-expected"]));
});

test("every piece of a tool call has its index, and only the first its id, type and name", () => {
  const pieces = toFrames(ANSWERS.tools, PLAIN)
    .slice(0, -1)
    .flatMap(
      ({ data }) =>
        (JSON.parse(data) as { choices: { delta: { tool_calls?: object[] } }[] }).choices[0]?.delta.tool_calls ?? [],
    );
  assert.deepEqual(pieces, [
    { index: 0, id: "toolu01A", type: "function", function: { name: "weather", arguments: "" } },
    { index: 0, function: { arguments: '{"city"' } },
    { index: 0, function: { arguments: ':"Zürich"}' } },
    { index: 1, id: "toolu01B", type: "function", function: { name: "time", arguments: "" } },
    { index: 1, function: { arguments: "{}" } },
  ]);
});

test("the tier that has answered is told where the API tells it, at the end of a stream", () => {
  const told = [
    [{}, undefined],
    [{ serviceTier: "standard" }, "default"],
    [{ serviceTier: "priority" }, "priority"],
    [{ serviceTier: "standard", speed: "fast" }, "priority"],
  ] as const;
  for (const [rest, tier] of told) {
    const events: AnswerEvent[] = [START, { type: "done", finish: "stop", usage: { ...USAGE, ...rest } }];
    assert.equal((toWhole(events, PLAIN) as { service_tier?: string }).service_tier, tier);
    const chunks = toFrames(events, WITH_USAGE).slice(0, -1);
    const tiers = chunks.map(({ data }) => (JSON.parse(data) as { service_tier?: string }).service_tier);
    assert.deepEqual(tiers, [undefined, tier, tier]);
  }
});

test("fields that clients take badly are never there, and those they need always are", () => {
  for (const events of Object.values(ANSWERS)) {
    const wire = JSON.stringify([toWhole(events, WITH_USAGE), toFrames(events, WITH_USAGE)]);
    assert.doesNotMatch(wire, /system_fingerprint|\\?"user\\?":/);
    const whole = toWhole(events, PLAIN) as { choices: { message: { refusal: unknown }; logprobs: unknown }[] };
    assert.deepEqual([whole.choices[0]?.message.refusal, whole.choices[0]?.logprobs], [null, null]);
  }
});
