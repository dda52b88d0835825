/** The model's last message as the API gave it: put together of its blocks, and compared with what a client knows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRecorder, hasThinkingOf, isRecordOf } from "../../../src/cli/answer/record.ts";
import { createFold } from "../../../src/core/reply.ts";
import type { Reply } from "../../../src/core/reply.ts";
import type { TurnEvent } from "../../../src/core/event.ts";
import type { AssistantPart, Message } from "../../../src/core/turn.ts";
import type { JsonObject } from "../../../src/lib/json.ts";

const THINKING = { type: "thinking", thinking: "t", signature: "s" };
const REDACTED = { type: "redacted_thinking", data: "d" };
const TEXT = { type: "text", text: "yes\n" };
const CALL = { type: "tool_use", id: "toolu_1", name: "mcp__client__look", input: {} };

const block = (id: string, content: JsonObject) =>
  ({ type: "assistant", uuid: "u", id, model: "claude-sonnet-5-5", content: [content], uses: [] }) as const;
const record = (...content: JsonObject[]) => ({ model: "m", effort: undefined, content });

function reply(...events: TurnEvent[]): Reply {
  const fold = createFold();
  fold.add(events);
  return fold.reply;
}

test("the blocks of one message are one record; another message, or another turn, begins anew", () => {
  const recorder = createRecorder();
  recorder.begin("low");
  recorder.add(block("m1", TEXT));
  recorder.add(block("m2", THINKING));
  recorder.add(block("m2", CALL));
  assert.deepEqual(recorder.record, { model: "claude-sonnet-5-5", effort: "low", content: [THINKING, CALL] });
  recorder.begin(undefined);
  assert.equal(recorder.record, undefined);
});

test("a record is the answer's when its text and its calls are what the client was shown", () => {
  const said: TurnEvent[] = [
    { type: "text", text: "yes" },
    { type: "call", index: 0, id: "toolu1", name: "look" },
  ];
  assert.ok(isRecordOf(record(THINKING, REDACTED, TEXT, CALL), reply(...said)));
  assert.ok(!isRecordOf(record(TEXT), reply(...said)), "a call is missing");
  assert.ok(!isRecordOf(record(TEXT, CALL, { ...CALL, id: "toolu_2" }), reply(...said)), "a call too many");
  assert.ok(!isRecordOf(record({ type: "text", text: "yes, but" }, CALL), reply(...said)), "text was cut");
  assert.ok(!isRecordOf(record(TEXT, CALL, { type: "server_tool_use" }), reply(...said)), "another kind of block");
  assert.ok(!isRecordOf(record({ ...CALL, name: "Read" }), reply()), "a tool of the CLI's own");
});

test("a client gives back no thinking, or the record's; other thinking is its own", () => {
  const message = (...content: AssistantPart[]): Message => ({ role: "assistant", content });
  const given: AssistantPart[] = [
    { type: "thinking", text: "", signature: "s" },
    { type: "text", text: "yes" },
    { type: "redacted", data: "d" },
  ];
  const held = record(THINKING, TEXT, REDACTED);
  assert.ok(hasThinkingOf(held, message({ type: "text", text: "yes" })));
  assert.ok(hasThinkingOf(held, message(...given)));
  assert.ok(!hasThinkingOf(held, message(...given.slice(0, 2))));
  assert.ok(!hasThinkingOf(held, message({ type: "thinking", text: "t", signature: "other" })));
});
