/** The fold of an answer's events: whole, voided, or broken off. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../src/core/error.ts";
import { NO_USAGE } from "../../src/core/event.ts";
import type { TurnEvent } from "../../src/core/event.ts";
import { collect, createFold } from "../../src/core/reply.ts";
import { START, STOP, text, USAGE } from "./sample.ts";

async function* stream(
  ...batches: readonly (readonly TurnEvent[])[]
): AsyncGenerator<readonly TurnEvent[], void, undefined> {
  yield* batches;
}

test("texts, thinking and arguments are joined, and the end says why and what it took", async () => {
  const thinking: TurnEvent = { type: "thinking", text: "hm" };
  const reply = await collect(stream([START, thinking], [thinking, text("He")], [text("llo"), STOP]));
  assert.deepEqual(reply, {
    model: "claude-sonnet-5-5",
    text: "Hello",
    thinking: "hmhm",
    calls: [],
    parts: [
      { type: "thinking", text: "hmhm", signature: "" },
      { type: "text", text: "Hello" },
    ],
    finish: "stop",
    stopSequence: undefined,
    usage: USAGE,
  });
});

test("the parts keep their order: a signature ends its thinking, which may have no text", async () => {
  const thinking: TurnEvent = { type: "thinking", text: "hm" };
  const sign = (signature: string): TurnEvent => ({ type: "signature", signature });
  const call: TurnEvent = { type: "call", index: 0, id: "c0", name: "f" };
  const events = [thinking, thinking, sign("a"), sign("b"), thinking, text("one"), text("two"), sign("c"), call];
  const reply = await collect(stream([START, ...events, { type: "redacted", data: "d" }, text("three"), STOP]));
  assert.deepEqual(reply.parts, [
    { type: "thinking", text: "hmhm", signature: "a" },
    { type: "thinking", text: "", signature: "b" },
    { type: "thinking", text: "hm", signature: "" },
    { type: "text", text: "onetwo" },
    { type: "thinking", text: "", signature: "c" },
    { type: "call", index: 0 },
    { type: "redacted", data: "d" },
    { type: "text", text: "three" },
  ]);
  assert.deepEqual([reply.text, reply.thinking], ["onetwothree", "hmhmhm"]);
});

test("a result of an MCP server meets its call by the id, in its own place; one without a call is no part", async () => {
  const call = (id: string): TurnEvent => ({ type: "mcp_call", id, server: "docs", name: "find" });
  const result = (id: string) => ({ type: "mcp_result", id, content: [], isError: false }) as const;
  const piece: TurnEvent = { type: "mcp_arguments", id: "b", json: '{"a":1}' };
  const events = [START, call("a"), call("b"), piece, result("b"), result("x"), text("so"), result("a"), STOP];
  const reply = await collect(stream(events));
  assert.deepEqual(reply.mcp, {
    servers: [],
    calls: [
      { id: "a", server: "docs", name: "find", arguments: "", result: result("a") },
      { id: "b", server: "docs", name: "find", arguments: '{"a":1}', result: result("b") },
    ],
  });
  assert.deepEqual(reply.parts, [
    { type: "mcp_call", index: 0 },
    { type: "mcp_call", index: 1 },
    { type: "mcp_result", index: 1 },
    { type: "text", text: "so" },
    { type: "mcp_result", index: 0 },
  ]);
});

test("pieces of parallel calls find their call by its index, also when they alternate", async () => {
  const call = (index: number): TurnEvent => ({ type: "call", index, id: `c${index}`, name: `f${index}` });
  const piece = (index: number, json: string): TurnEvent => ({ type: "arguments", index, json });
  const events = [START, call(0), piece(0, '{"a'), call(1), piece(1, "{}"), piece(0, '":1}')];
  const reply = await collect(stream([...events, { type: "done", finish: "tool_calls", usage: USAGE }]));
  assert.deepEqual(reply.calls, [
    { id: "c0", name: "f0", arguments: '{"a":1}' },
    { id: "c1", name: "f1", arguments: "{}" },
  ]);
  assert.equal(reply.finish, "tool_calls");
});

test("a retraction voids text, thinking and calls so far, and nothing after it", async () => {
  const before: TurnEvent[] = [
    text("wrong"),
    { type: "thinking", text: "wrong" },
    { type: "call", index: 0, id: "w", name: "w" },
  ];
  const reply = await collect(stream([START, ...before, { type: "retract" }, text("right"), STOP]));
  assert.deepEqual([reply.text, reply.thinking, reply.calls], ["right", "", []]);
  assert.equal(reply.model, "claude-sonnet-5-5");
});

test("the stop sequence that was met is told", async () => {
  const reply = await collect(stream([START, { type: "done", finish: "stop", stopSequence: "END", usage: USAGE }]));
  assert.equal(reply.stopSequence, "END");
});

test("a stream that ends without its end is a bad gateway, not an answer", async () => {
  const isBroken = (error: unknown): boolean => error instanceof ProxyError && error.kind === "bad_gateway";
  await assert.rejects(collect(stream([START, text("half")])), isBroken);
  await assert.rejects(collect(stream()), isBroken);
});

test("what the stream throws is thrown on as it is", async () => {
  const error = new ProxyError("overloaded", "busy");
  async function* failing(): AsyncGenerator<readonly TurnEvent[]> {
    yield [START, text("half")];
    throw error;
  }
  await assert.rejects(collect(failing()), error);
});

test("a fold can be read at any time, and later events do not change what was read", () => {
  const fold = createFold();
  fold.add([START, text("a")]);
  const early = fold.reply;
  fold.add([text("b"), STOP]);
  assert.deepEqual([early.text, fold.reply.text], ["a", "ab"]);
  assert.deepEqual([early.usage, fold.reply.usage], [NO_USAGE, USAGE]);
});
