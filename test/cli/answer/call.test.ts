/** Calls in an answer: the client's tools, as they come, one at a time, and forced. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Structured } from "../../../src/cli/request/structured.ts";
import {
  clientCall,
  failure,
  failureOf,
  messageDelta,
  open,
  play,
  retry,
  round,
  ROUND_USAGE,
  success,
  text,
  toolResult,
  toolUse,
} from "../lines.ts";

const TOOLS = { tools: new Set(["weather", "time"]) };
const SCHEMA = { type: "object" };
const JSON_OUTPUT: Structured = { type: "json", schema: SCHEMA };
const NAMED_CALL: Structured = { type: "call", name: "weather", schema: SCHEMA };
const ANY_CALLS: Structured = { type: "calls", schema: SCHEMA };

test("a call streams its id, its name and the pieces of its arguments, and is held", () => {
  const { events, answer } = play(round("tool_use", clientCall("toolu_01-A", "weather", '{"city"', ':"Bern"}')), TOOLS);
  assert.deepEqual(events.slice(1), [
    { type: "call", index: 0, id: "toolu01A", name: "weather" },
    { type: "arguments", index: 0, json: '{"city"' },
    { type: "arguments", index: 0, json: ':"Bern"}' },
    { type: "done", finish: "tool_calls", usage: ROUND_USAGE },
  ]);
  assert.equal(answer.state, "held");
});

test("text before a call is shown before it", () => {
  const { events } = play(round("tool_use", text("Looking."), clientCall("a", "time", "{}")), TOOLS);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["start", "text", "call", "arguments", "done"],
  );
});

test("text held back for a stop sequence is shown before the call that follows it", () => {
  const { events, reply } = play(round("tool_use", text("Looking ST"), clientCall("a", "time", "{}")), {
    ...TOOLS,
    stop: ["STOP"],
  });
  assert.deepEqual(
    events.map(({ type }) => type),
    ["start", "text", "text", "call", "arguments", "done"],
  );
  assert.equal(reply.text, "Looking ST");
});

test("a call without arguments has an empty object", () => {
  for (const pieces of [[], [""], ["", ""]]) {
    assert.equal(play(round("tool_use", clientCall("a", "time", ...pieces)), TOOLS).reply.calls[0]?.arguments, "{}");
  }
});

test("parallel calls are counted from 0, and each has its own arguments, also where they are empty", () => {
  const { reply, answer } = play(
    round("tool_use", clientCall("a", "time"), clientCall("b", "weather", '{"x":1}'), clientCall("c", "time")),
    TOOLS,
  );
  assert.deepEqual(reply.calls, [
    { id: "a", name: "time", arguments: "{}" },
    { id: "b", name: "weather", arguments: '{"x":1}' },
    { id: "c", name: "time", arguments: "{}" },
  ]);
  assert.equal(answer.state, "held");
});

test("a call of a tool that the client does not have is not shown, and the turn goes on", () => {
  const unknown = [
    toolUse("a", "Bash", "{}"),
    toolUse("b", "mcp__client__sports", "{}"),
    toolUse("c", "mcp__other__time", "{}"),
    toolUse("d", "time", "{}"),
  ];
  const { reply, answer } = play(
    [...round("tool_use", ...unknown), toolResult("a", true), ...round("end_turn", text("I cannot.")), success()],
    TOOLS,
  );
  assert.deepEqual([reply.calls, reply.text, answer.state], [[], "I cannot.", "finished"]);
});

test("beside a tool that does not exist, the client's own call is shown and held", () => {
  const { reply, answer } = play(round("tool_use", toolUse("x", "Bash", "{}"), clientCall("a", "time", "{}")), TOOLS);
  assert.deepEqual(reply.calls, [{ id: "a", name: "time", arguments: "{}" }]);
  assert.equal(answer.state, "held");
});

test("a tool of the client's that is named like the structured output is a tool like any other", () => {
  const { reply } = play(round("tool_use", clientCall("a", "StructuredOutput", "{}")), {
    tools: new Set(["StructuredOutput"]),
  });
  assert.equal(reply.calls[0]?.name, "StructuredOutput");
});

test("a call cut off by the output limit ends with length, and the process is cut off", () => {
  const { reply, answer } = play([...open(clientCall("a", "time", '{"x"')), messageDelta("max_tokens")], TOOLS);
  assert.deepEqual([reply.finish, reply.calls[0]?.arguments, answer.state], ["length", '{"x"', "cut"]);
  assert.equal(answer.isWhole, false);
});

test("calls whose API call begins anew are voided", () => {
  const first = open(clientCall("a", "time"), clientCall("b", "time"));
  const { reply } = play([...first, retry(529), ...round("tool_use", clientCall("c", "weather", "{}"))], TOOLS);
  assert.deepEqual(reply.calls, [{ id: "c", name: "weather", arguments: "{}" }]);
});

test("a call in which the API met a stop sequence is not whole: the answer ends there, and the process is cut off", () => {
  const { reply, answer } = play(
    [...open(clientCall("a", "time", '{"x')), messageDelta("stop_sequence", "END")],
    TOOLS,
  );
  assert.deepEqual([reply.finish, reply.stopSequence, answer.state], ["stop", "END", "cut"]);
});

test("a JSON answer is the structured output's text, as it streams", () => {
  const { reply, events, answer } = play(
    [
      ...round("tool_use", toolUse("s1", "StructuredOutput", '{"a"', ":1}")),
      toolResult("s1"),
      ...round("end_turn"),
      success({ structured_output: { a: 1 } }),
    ],
    { structured: JSON_OUTPUT },
  );
  assert.deepEqual([reply.text, reply.calls, reply.finish, answer.state], ['{"a":1}', [], "stop", "finished"]);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["start", "text", "text", "done"],
  );
});

test("a JSON answer that does not fit is voided, and the next one stands", () => {
  const { reply, events } = play(
    [
      ...round("tool_use", toolUse("s1", "StructuredOutput", '{"b":1}')),
      toolResult("s1", true),
      ...round("tool_use", toolUse("s2", "StructuredOutput", '{"a":1}')),
      toolResult("s2"),
      success(),
    ],
    { structured: JSON_OUTPUT },
  );
  assert.equal(reply.text, '{"a":1}');
  assert.equal(events.filter(({ type }) => type === "retract").length, 1);
});

test("a JSON answer that fits stands, though the API call after it begins anew", () => {
  const { reply } = play(
    [
      ...round("tool_use", toolUse("s1", "StructuredOutput", '{"a":1}')),
      toolResult("s1"),
      retry(529),
      ...round("end_turn", text("Done.")),
      success(),
    ],
    { structured: JSON_OUTPUT },
  );
  assert.equal(reply.text, '{"a":1}');
});

test("text beside a JSON answer is not shown, and the process is not used again", () => {
  const { reply, answer } = play(
    [
      ...round("tool_use", text("Here it is:"), toolUse("s1", "StructuredOutput", '{"a":1}')),
      toolResult("s1"),
      success(),
    ],
    {
      structured: JSON_OUTPUT,
    },
  );
  assert.deepEqual([reply.text, reply.finish, answer.state], ['{"a":1}', "stop", "diverged"]);
});

test("an answer that never fits its schema is a bad gateway", () => {
  const never = [...round("tool_use", toolUse("s1", "StructuredOutput", '{"b":1}')), toolResult("s1", true)];
  assert.equal(failureOf([...never, success()], { structured: JSON_OUTPUT }).kind, "bad_gateway");
  assert.equal(
    failureOf([...never, failure({ subtype: "error_max_structured_output_retries" })], { structured: JSON_OUTPUT })
      .kind,
    "bad_gateway",
  );
  assert.equal(
    failureOf([...round("end_turn", text("no")), success()], { structured: NAMED_CALL }).kind,
    "bad_gateway",
  );
});

test("a JSON answer ends at the output limit like any other", () => {
  const { reply } = play([...open(toolUse("s1", "StructuredOutput", '{"a":')), messageDelta("max_tokens")], {
    structured: JSON_OUTPUT,
  });
  assert.deepEqual([reply.text, reply.finish], ['{"a":', "length"]);
});

test("a forced call is the structured output under the tool's name, and the process is not used again", () => {
  const { reply, answer } = play(
    [...round("tool_use", toolUse("s_1", "StructuredOutput", '{"city"', ':"Bern"}')), toolResult("s_1"), success()],
    {
      ...TOOLS,
      structured: NAMED_CALL,
    },
  );
  assert.deepEqual(reply.calls, [{ id: "s1", name: "weather", arguments: '{"city":"Bern"}' }]);
  assert.deepEqual([reply.text, reply.finish, answer.state], ["", "tool_calls", "diverged"]);
});

test("a forced call that does not fit is voided, and the next one is the first", () => {
  const { reply } = play(
    [
      ...round("tool_use", toolUse("s1", "StructuredOutput", "{}")),
      toolResult("s1", true),
      ...round("tool_use", toolUse("s2", "StructuredOutput", '{"x":1}')),
      toolResult("s2"),
      success(),
    ],
    { ...TOOLS, structured: NAMED_CALL },
  );
  assert.deepEqual(reply.calls, [{ id: "s2", name: "weather", arguments: '{"x":1}' }]);
});

test("a forced choice among tools gives its calls at the end, each with an id of its own", () => {
  const answer = '{"calls":[{"name":"weather","arguments":{"x":1}},{"name":"time","arguments":{}}]}';
  const { reply } = play(
    [...round("tool_use", toolUse("s_1", "StructuredOutput", answer)), toolResult("s_1"), success()],
    { ...TOOLS, structured: ANY_CALLS },
  );
  assert.deepEqual(
    reply.calls.map(({ name, arguments: json }) => [name, json]),
    [
      ["weather", '{"x":1}'],
      ["time", "{}"],
    ],
  );
  assert.equal(new Set(reply.calls.map(({ id }) => id)).size, 2);
  assert.ok(reply.calls.every(({ id }) => /^[A-Za-z0-9]+$/.test(id)));
  assert.equal(reply.finish, "tool_calls");
});
