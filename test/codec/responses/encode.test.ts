/** Responses on the wire: exact JSON of streams, whole answers and failures. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEncoder } from "../../../src/codec/responses/encode.ts";
import type { ResponsesForm } from "../../../src/codec/responses/form.ts";
import { responses } from "../../../src/codec/responses/responses.ts";
import { ProxyError } from "../../../src/core/error.ts";
import type { AnswerEvent } from "../../../src/core/event.ts";
import { createFold } from "../../../src/core/reply.ts";
import type { SseFrame } from "../../../src/lib/sse.ts";
import { START, STOP, text, USAGE } from "../../core/sample.ts";
import { checkGolden, checkGoldenFrames } from "../golden.ts";
import { ANSWERS } from "../sample.ts";
import { META } from "../wire.ts";
import { decode } from "./request.ts";

const PLAIN = decode({ input: "hi" }).form;
const FULL = decode({
  input: "hi",
  instructions: "Be brief.",
  max_output_tokens: 100,
  metadata: { topic: "tests" },
  parallel_tool_calls: false,
  prompt_cache_key: "key",
  reasoning: { effort: "high", summary: "auto" },
  store: false,
  temperature: 0.5,
  text: { format: { type: "json_object" }, verbosity: "low" },
  tool_choice: "auto",
  tools: [
    { type: "function", name: "weather", parameters: { type: "object" } },
    { type: "web_search" },
    { type: "namespace" },
  ],
  user: "me",
}).form;

function toFrames(events: readonly AnswerEvent[], form: ResponsesForm): SseFrame[] {
  return events.flatMap(createEncoder(form, META).encode);
}

function toWhole(events: readonly AnswerEvent[], form: ResponsesForm): unknown {
  const fold = createFold();
  fold.add(events);
  return responses.encodeReply(fold.reply, form, META);
}

interface WireEvent {
  readonly type: string;
  readonly sequence_number: number;
  readonly output_index?: number;
  readonly item?: { readonly id: string };
  readonly item_id?: string;
  readonly response?: unknown;
}

const toEvents = (frames: readonly SseFrame[]): WireEvent[] => frames.map(({ data }) => JSON.parse(data) as WireEvent);

for (const name of ["text", "empty", "thinking", "tools", "length", "filter"] as const) {
  test(`a stream with ${name} matches its golden`, () =>
    checkGoldenFrames(`responses-${name}-stream`, toFrames(ANSWERS[name], PLAIN)));
  test(`a whole answer with ${name} matches its golden`, () =>
    checkGolden(`responses-${name}`, toWhole(ANSWERS[name], PLAIN)));
}

test("a response repeats its request, with the defaults filled in", () =>
  checkGolden("responses-full", toWhole(ANSWERS.text, FULL)));

test("the last event of a stream holds the very response that a whole answer is", () => {
  for (const [name, events] of Object.entries(ANSWERS)) {
    assert.deepEqual(toEvents(toFrames(events, PLAIN)).at(-1)?.response, toWhole(events, PLAIN), name);
  }
});

test("every event has its name and number, and every item its own id and place", () => {
  for (const [name, events] of Object.entries(ANSWERS)) {
    const frames = toFrames(events, PLAIN);
    const wire = toEvents(frames);
    assert.deepEqual(
      wire.map(({ type }) => type),
      frames.map(({ event }) => event),
      name,
    );
    assert.deepEqual(
      wire.map((event) => event.sequence_number),
      [...wire.keys()],
      name,
    );
    const places = new Map(wire.flatMap(({ item, output_index }) => (item ? [[item.id, output_index] as const] : [])));
    assert.deepEqual(
      [...places.values()],
      [...places.keys()].map((_, at) => at),
      name,
    );
    for (const { item_id, output_index } of wire)
      if (item_id !== undefined) assert.equal(places.get(item_id), output_index, name);
  }
});

test("the tier that has answered is told; it is the default one where the API does not tell", () => {
  for (const [rest, tier] of [
    [{}, "default"],
    [{ serviceTier: "standard", speed: "standard" }, "default"],
    [{ speed: "fast" }, "priority"],
  ] as const) {
    const done: AnswerEvent = { type: "done", finish: "stop", usage: { ...USAGE, ...rest } };
    assert.equal((toWhole([START, done], PLAIN) as { service_tier: string }).service_tier, tier);
  }
});

test("text after a second thought is an item of its own", () => {
  const thought: AnswerEvent = { type: "thinking", text: "hm" };
  const wire = toEvents(toFrames([START, thought, text("a"), thought, text("b"), STOP], PLAIN));
  const opened = wire.filter(({ type }) => type === "response.output_item.added").map(({ item }) => item?.id);
  assert.deepEqual(opened, ["rs_abc1230", "msg_abc1231", "rs_abc1232", "msg_abc1233"]);
});

test("a stream that fails ends in `response.failed` and in an `error` event, which clients throw", () => {
  const encoder = createEncoder(PLAIN, META);
  const frames = [
    ...[START, text("Hel")].flatMap(encoder.encode),
    ...encoder.fail(new ProxyError("rate_limited", "Too many requests")),
  ];
  checkGoldenFrames("responses-stream-error", frames);
});
