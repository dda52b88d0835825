/** Messages on the wire: exact JSON of streams, whole answers and errors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { messages } from "../../../src/codec/messages/messages.ts";
import { HTTP_STATUS, ProxyError } from "../../../src/core/error.ts";
import type { ErrorKind } from "../../../src/core/error.ts";
import type { TurnEvent } from "../../../src/core/event.ts";
import { createFolder } from "../../../src/core/reply.ts";
import type { Turn } from "../../../src/core/turn.ts";
import type { SseFrame } from "../../../src/lib/sse.ts";
import { START, text } from "../../core/sample.ts";
import { checkGolden, checkGoldenFrames } from "../golden.ts";
import { ANSWERS } from "../sample.ts";
import { read } from "./request.ts";

const META = { id: "abc123", createdAtSeconds: 1_700_000_000 };
const PLAIN = read();
const WITH_THINKING = read({ thinking: { type: "adaptive" } });

function toFrames(events: readonly TurnEvent[], turn: Turn): SseFrame[] {
  return events.flatMap(messages.createEncoder(turn, META).encode);
}

function toWhole(events: readonly TurnEvent[], turn: Turn): unknown {
  const folder = createFolder();
  folder.add(events);
  return messages.encodeReply(folder.reply, turn, META);
}

for (const name of ["text", "empty", "thinking", "tools", "length", "filter", "stop"] as const) {
  const turn = name === "thinking" ? WITH_THINKING : PLAIN;
  test(`a stream with ${name} is as it is kept`, () =>
    checkGoldenFrames(`messages-${name}-stream`, toFrames(ANSWERS[name], turn)));
  test(`a whole answer with ${name} is as it is kept`, () =>
    checkGolden(`messages-${name}`, toWhole(ANSWERS[name], turn)));
}

test("thinking that was not asked for is not shown", () => {
  assert.ok(toFrames(ANSWERS.thinking, PLAIN).every(({ data }) => !data.includes("thinking")));
  assert.doesNotMatch(JSON.stringify(toWhole(ANSWERS.thinking, PLAIN)), /thinking/);
});

test("every kind of error is worded as it is kept", () => {
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
  const encoder = messages.createEncoder(PLAIN, META);
  const frames = [
    ...[START, text("Hel")].flatMap(encoder.encode),
    ...encoder.fail(new ProxyError("overloaded", "The API is overloaded")),
  ];
  checkGoldenFrames("messages-stream-error", frames);
});
