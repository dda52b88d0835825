/** The model's messages as the API gave them: put together of their blocks, and compared with what a client knows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRecorder, hasThinkingOf, isRecordOf } from "../../../src/cli/answer/record.ts";
import type { AssistantPart, Message } from "../../../src/core/turn.ts";
import type { JsonObject } from "../../../src/lib/json.ts";

const THINKING = { type: "thinking", thinking: "t", signature: "s" };
const REDACTED = { type: "redacted_thinking", data: "d" };
const TEXT = { type: "text", text: "yes\n" };
const CALL = { type: "tool_use", id: "toolu_1", name: "mcp__client__look", input: {} };

const block = (id: string, content: JsonObject) =>
  ({ type: "assistant", uuid: "u", id, model: "claude-sonnet-5-5", content: [content], uses: [] }) as const;
const record = (...content: JsonObject[]) => ({ model: "m", effort: undefined, content });

const message = (...content: AssistantPart[]): Message => ({ role: "assistant", content });

test("the blocks of one message are one record, and each message of a turn has its own", () => {
  const recorder = createRecorder();
  recorder.begin("low");
  recorder.add(block("m1", TEXT));
  recorder.add(block("m2", THINKING));
  recorder.add(block("m2", CALL));
  const made = { model: "claude-sonnet-5-5", effort: "low" };
  assert.deepEqual(recorder.records, [
    { ...made, content: [TEXT] },
    { ...made, content: [THINKING, CALL] },
  ]);
  recorder.begin(undefined);
  assert.deepEqual(recorder.records, []);
});

test("a record is the answer's when its text and its calls are what the client was shown", () => {
  const said: AssistantPart[] = [
    { type: "text", text: "yes" },
    { type: "call", id: "toolu1", name: "look", input: {} },
  ];
  assert.ok(isRecordOf(record(THINKING, REDACTED, TEXT, CALL), message(...said)));
  assert.ok(!isRecordOf(record(TEXT), message(...said)), "a call is missing");
  assert.ok(!isRecordOf(record(TEXT, CALL, { ...CALL, id: "toolu_2" }), message(...said)), "a call too many");
  assert.ok(!isRecordOf(record({ type: "text", text: "yes, but" }, CALL), message(...said)), "text was cut");
  assert.ok(!isRecordOf(record(TEXT, CALL, { type: "server_tool_use" }), message(...said)), "another kind of block");
  assert.ok(!isRecordOf(record({ ...CALL, name: "Read" }), message()), "a tool of the CLI's own");
  const served = { ...CALL, name: "mcp__sums__add" };
  const call = { type: "call", id: "toolu_1", name: "add", input: {} } as const;
  assert.ok(isRecordOf(record(served), message({ ...call, server: "sums" })), "a server's call has the API's own id");
  assert.ok(!isRecordOf(record(served), message({ ...call, server: "others" })), "another server");
  assert.ok(!isRecordOf(record(served), message()), "a server's call that the client was not shown");
});

test("a client gives back no thinking, or the record's; other thinking is its own", () => {
  const given: AssistantPart[] = [
    { type: "thinking", text: "", signature: "s" },
    { type: "text", text: "yes" },
    { type: "redacted", data: "d" },
  ];
  const held = [record(THINKING, TEXT, REDACTED)];
  assert.ok(hasThinkingOf(held, [message({ type: "text", text: "yes" })]));
  assert.ok(hasThinkingOf(held, [message(...given)]));
  assert.ok(!hasThinkingOf(held, [message(...given.slice(0, 2))]));
  assert.ok(!hasThinkingOf(held, [message({ type: "thinking", text: "t", signature: "other" })]));
  const rounds = [record(THINKING), undefined, record(TEXT, REDACTED)];
  assert.ok(
    hasThinkingOf(rounds, [message(given[0] ?? assert.fail()), message(...given.slice(1))]),
    "of several rounds",
  );
});
