/** A recorded turn, given to the reader without a CLI. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { replayTrace, toTraceLine } from "../../scripts/trace.ts";

const event = (held: object): string => JSON.stringify({ type: "stream_event", event: held, parent_tool_use_id: null });
const start = event({ type: "message_start", message: { model: "claude-sonnet-5-5", usage: { input_tokens: 7 } } });
const block = (content_block: object): string => event({ type: "content_block_start", index: 0, content_block });
const delta = (held: object): string => event({ type: "content_block_delta", index: 0, delta: held });
const end = (stop_reason: string): string[] => [
  event({ type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 42 } }),
  event({ type: "message_stop" }),
];
const text = (words: string): string[] => [block({ type: "text" }), delta({ type: "text_delta", text: words })];
const RESULT = JSON.stringify({ type: "result", subtype: "success", is_error: false });
const SET_UP = JSON.stringify({
  type: "control_request",
  request_id: "r1",
  request: {
    subtype: "initialize",
    sdkMcpServerManifests: { client: { toolsListResult: { tools: [{ name: "weather" }] } } },
  },
});

test("an answer is told as events and as a whole", () => {
  const [turn, ...more] = replayTrace([SET_UP, start, ...text("Hello"), ...end("end_turn"), RESULT]);
  assert.equal(more.length, 0);
  assert.equal(turn?.state, "finished");
  assert.equal(turn?.failure, undefined);
  assert.equal(turn?.reply.text, "Hello");
  assert.equal(turn?.reply.usage.output, 42);
  assert.deepEqual(
    turn?.events.map(({ type }) => type),
    ["start", "text", "done"],
  );
});

test("the client's tools are known from the set-up, and a held call ends its answer", () => {
  const call = { type: "tool_use", id: "toolu_1", name: "mcp__client__weather" };
  const calling = [start, block(call), delta({ type: "input_json_delta", partial_json: "{}" }), ...end("tool_use")];
  const turns = replayTrace([SET_UP, ...calling, start, ...text("Sunny"), ...end("end_turn"), RESULT]);
  assert.deepEqual(
    turns.map(({ state, reply }) => [state, reply.calls.map(({ name }) => name), reply.text]),
    [
      ["held", ["weather"], ""],
      ["finished", [], "Sunny"],
    ],
  );
});

test("a failure is told, and an answer that broke off is open", () => {
  const failed = JSON.stringify({ type: "result", is_error: true, api_error_status: 404, result: "no such model" });
  assert.equal(replayTrace([start, failed])[0]?.failure, "no such model");
  assert.equal(replayTrace([start, ...text("Hel")])[0]?.state, "open");
});

test("a log of the trace level is read as the lines it holds", () => {
  const log = [start, ...text('say "hi"'), ...end("end_turn"), RESULT].map(
    (line) => `2026-01-01T00:00:00.000Z trace cli line=${JSON.stringify(line)}`,
  );
  assert.equal(toTraceLine("2026-01-01T00:00:00.000Z info ready"), undefined);
  assert.equal(replayTrace(["2026-01-01T00:00:00.000Z info ready", ...log])[0]?.reply.text, 'say "hi"');
});
