/** Calls to MCP servers that the request has named: told with their results, voided, and told late. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toMessages } from "../../../src/core/reply.ts";
import { clientCall, MODEL, open, play, retry, round, success, text, toolResult, toolUse } from "../lines.ts";

const OPTIONS = { servers: new Set(["s"]), tools: new Set(["f"]), hasOwnTools: true };
const START = { type: "start", model: MODEL, usage: { input: 3, cacheCreation: 2, cacheRead: 1 } };
const use = toolUse("toolu_1", "mcp__s__add", '{"a":', "1}");
const CALL = { type: "mcp_call", id: "toolu_1", server: "s", name: "add" };
const RESULT = { type: "mcp_result", id: "toolu_1", content: [{ type: "text", text: "x" }], isError: false };

test("a call streams its arguments, then has its result, and the text after it begins anew", () => {
  const lines = [...round("tool_use", text("Look."), use), toolResult("toolu_1"), ...round("end_turn", text("Yes."))];
  const { events, reply, answer } = play([...lines, success()], OPTIONS);
  assert.deepEqual(events.slice(1, -1), [
    { type: "text", text: "Look." },
    CALL,
    { type: "mcp_arguments", id: "toolu_1", json: '{"a":' },
    { type: "mcp_arguments", id: "toolu_1", json: "1}" },
    RESULT,
    { type: "text", text: "Yes." },
  ]);
  assert.equal(answer.state, "finished");
  assert.deepEqual(
    toMessages(reply).map(({ role, content }) => [role, content.map(({ type }) => type)]),
    [
      ["assistant", ["text", "call"]],
      ["user", ["result"]],
      ["assistant", ["text"]],
    ],
  );
});

test("calls to other servers are no part of the answer, and a call without arguments has an empty object", () => {
  const other = toolUse("toolu_2", "mcp__owner__add", "{}");
  const lines = [...round("tool_use", other, toolUse("toolu_1", "mcp__s__add")), toolResult("toolu_2")];
  const { events } = play([...lines, toolResult("toolu_1"), ...round("end_turn", text("Yes.")), success()], OPTIONS);
  assert.deepEqual(events.slice(1, 4), [CALL, { type: "mcp_arguments", id: "toolu_1", json: "{}" }, RESULT]);
});

test("the servers' states are told first, once", () => {
  const servers = [{ name: "s", status: "connected", tools: ["add"], error: undefined }] as const;
  const { events } = play([...round("end_turn", text("Hi")), success()], { ...OPTIONS, readServers: () => servers });
  assert.deepEqual(events.slice(0, 2), [START, { type: "mcp_servers", servers }]);
});

test("when an API call is void, the calls and results before it stand", () => {
  const lines = [...round("tool_use", text("Look."), use), toolResult("toolu_1"), ...open(text("Ye")), retry(500)];
  const { reply } = play([...lines, ...round("end_turn", text("Yes.")), success()], {
    ...OPTIONS,
    readServers: () => [{ name: "s", status: "connected", tools: [], error: undefined }],
  });
  assert.deepEqual(
    reply.parts.map(({ type }) => type),
    ["text", "mcp_call", "mcp_result", "text"],
  );
  assert.deepEqual([reply.text, reply.mcp?.calls[0]?.arguments], ["Look.Yes.", '{"a":1}']);
});

test("a call that the answer ends on is open, and is told whole in the next one", () => {
  const held = play(round("tool_use", use, clientCall("toolu_c", "f", "{}")), OPTIONS);
  assert.equal(held.answer.state, "held");
  assert.ok(held.events.every(({ type }) => type !== "mcp_result"));
  const next = play([toolResult("toolu_1"), toolResult("toolu_c"), ...round("end_turn", text("Yes.")), success()], {
    ...OPTIONS,
    openCalls: [{ id: "toolu_1", server: "s", name: "add", input: { a: 1 } }],
  });
  assert.deepEqual(next.events.slice(0, -1), [
    START,
    CALL,
    { type: "mcp_arguments", id: "toolu_1", json: '{"a":1}' },
    RESULT,
    { type: "text", text: "Yes." },
  ]);
});
