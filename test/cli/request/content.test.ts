/** Messages in the CLI's words: content as data, block for block. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toContent, toUserLine } from "../../../src/cli/request/content.ts";
import type { Message, UserPart } from "../../../src/core/turn.ts";

const user = (...content: readonly UserPart[]): Message => ({ role: "user", content });

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
