/** The estimate of input tokens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { finish } from "../../../src/lib/work.ts";
import { countTokens } from "../../../src/codec/messages/messages.ts";
import { assistant, user } from "./request.ts";

const count = (fields: object): number =>
  finish(countTokens({ model: "opus", messages: [user("hi")], ...fields })).input_tokens;

test("the estimate grows with every kind of content", () => {
  const least = count({});
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } };
  const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data: "A".repeat(25_000) } };
  const use = [
    user("hi"),
    assistant([{ type: "tool_use", id: "a", name: "b", input: { c: "d" } }]),
    user([{ type: "tool_result", tool_use_id: "a", content: "e" }]),
  ];
  assert.ok(least > 0 && least < 10);
  assert.equal(count({ system: "x".repeat(35) }) - least, 10);
  assert.equal(count({ messages: [user([{ type: "text", text: "hi" }, image])] }) - least, 1600);
  assert.equal(count({ messages: [user([{ type: "text", text: "hi" }, pdf])] }) - least, 1000);
  assert.ok(count({ messages: use }) > least + 10);
  assert.ok(count({ tools: [{ name: "weather", input_schema: { type: "object" } }] }) > least + 10);
});

test("a conversation that ends in an answer is counted, and a call without a result is refused", () => {
  const asked = [user("hi")];
  assert.ok(count({ messages: [...asked, assistant("x".repeat(35))] }) >= count({ messages: asked }) + 10);
  const call = { type: "tool_use", id: "a", name: "b", input: {} };
  assert.throws(() => count({ messages: [...asked, assistant([call])] }), /no result follows for a/);
  assert.throws(() => count({ messages: [] }), /messages/);
});

test("a body that is no request is refused by name", () => {
  assert.throws(() => finish(countTokens([])), /body/);
  assert.throws(() => finish(countTokens({ model: "opus" })), /messages/);
});
