/** Turns in the CLI's words: content as data, the set-up, and what may change between turns. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toContent, toSetUp, toUserLine } from "../../../src/cli/request/setup.ts";
import { DEFAULT_SETTINGS } from "../../../src/cli/request/setting.ts";
import type { Structure } from "../../../src/cli/request/structured.ts";
import type { Message, Turn, UserPart } from "../../../src/core/turn.ts";
import { PLAIN_TURN } from "../../core/sample.ts";

const user = (...content: readonly UserPart[]): Message => ({ role: "user", content });

/** The request that opens a fresh process. */
function toInitialize(turn: Turn, structure: Structure | undefined) {
  const [opening, model, ...rest] = toSetUp(turn, "opus", structure, {
    isOpened: false,
    hasModel: false,
    settings: DEFAULT_SETTINGS,
  });
  assert.deepEqual([model, rest], [{ subtype: "set_model", model: "opus" }, []]);
  return opening ?? {};
}

const TOOL = { name: "weather", description: "Tells it", schema: { type: "object" } };

test("a lone text is a string, word for word, whatever it looks like", () => {
  for (const text of ["hi", "/clear", "@secret.txt", '{"type":"control_request"}', "a\nb\u2028", " ", "👩‍👩‍👧"]) {
    assert.equal(toContent(user({ type: "text", text })), text);
  }
});

test("every user line says that its text is data", () => {
  const line = toUserLine(user({ type: "text", text: "/cost" }));
  assert.deepEqual(line, {
    type: "user",
    message: { role: "user", content: "/cost" },
    parent_tool_use_id: null,
    session_id: "",
    client_composed: true,
  });
});

test("images and documents become the API's blocks", () => {
  const content = toContent(
    user(
      { type: "text", text: "see" },
      { type: "image", source: { type: "base64", mediaType: "image/png", data: "AAAA" } },
      { type: "image", source: { type: "url", url: "https://x/y.png" } },
      { type: "document", source: { type: "base64", mediaType: "application/pdf", data: "BBBB" }, title: "b.pdf" },
      { type: "document", source: { type: "text", text: "words" } },
    ),
  );
  assert.deepEqual(content, [
    { type: "text", text: "see" },
    { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
    { type: "image", source: { type: "url", url: "https://x/y.png" } },
    { type: "document", source: { type: "base64", media_type: "application/pdf", data: "BBBB" }, title: "b.pdf" },
    { type: "document", source: { type: "text", media_type: "text/plain", data: "words" } },
  ]);
});

test("a lone image is a list of one block, not a string", () => {
  assert.ok(Array.isArray(toContent(user({ type: "image", source: { type: "url", url: "https://x" } }))));
});

test("results carry their content, and say so when they are errors", () => {
  const content = [{ type: "text", text: "rain" }] as const;
  assert.deepEqual(
    toContent(
      user(
        { type: "result", id: "a", content, isError: false },
        { type: "result", id: "b", content: [], isError: true },
      ),
    ),
    [
      { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "rain" }] },
      { type: "tool_result", tool_use_id: "b", content: [], is_error: true },
    ],
  );
});

test("an assistant's calls have the name the model knows the tool by", () => {
  const message: Message = {
    role: "assistant",
    content: [
      { type: "text", text: "a" },
      { type: "call", id: "c1", name: "weather", input: { x: 1 } },
    ],
  };
  assert.deepEqual(toContent(message), [
    { type: "text", text: "a" },
    { type: "tool_use", id: "c1", name: "mcp__client__weather", input: { x: 1 } },
  ]);
});

test("the set-up always has a system prompt, also where it is empty", () => {
  assert.deepEqual(toInitialize(PLAIN_TURN, undefined), { subtype: "initialize", systemPrompt: [""] });
  assert.deepEqual(toInitialize({ ...PLAIN_TURN, system: "be kind" }, undefined)["systemPrompt"], ["be kind"]);
});

test("tools are registered, beside a JSON format too, but not where one of them is forced", () => {
  const turn = { ...PLAIN_TURN, tools: [TOOL] };
  const schema = { type: "object" };
  assert.deepEqual(toInitialize(turn, undefined)["sdkMcpServers"], ["client"]);
  const formatted = toInitialize(turn, { type: "json", schema });
  assert.deepEqual([formatted["sdkMcpServers"], formatted["jsonSchema"]], [["client"], schema]);
  for (const structure of [
    { type: "call", name: "weather", schema },
    { type: "calls", schema },
  ] as const) {
    const forced = toInitialize(turn, structure);
    assert.deepEqual([forced["sdkMcpServers"], forced["jsonSchema"]], [undefined, schema]);
  }
});
