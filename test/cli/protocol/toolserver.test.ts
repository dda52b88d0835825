/** The client's tools as an MCP server: what is registered, how calls meet their results. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { areGiveable, createToolServer, toServerFields } from "../../../src/cli/protocol/toolserver.ts";
import type { ToolServer } from "../../../src/cli/protocol/toolserver.ts";
import type { Tool, ToolResult } from "../../../src/core/turn.ts";
import type { JsonObject } from "../../../src/lib/json.ts";

const TOOL: Tool = { name: "weather", description: "Tells it", schema: { type: "object", properties: { city: {} } } };
const MCP_TOOL = {
  name: "weather",
  description: "Tells it",
  inputSchema: TOOL.schema,
  annotations: { readOnlyHint: true },
  _meta: { "anthropic/maxResultSizeChars": 500_000 },
};

const mcp = (method: string, params?: object, id: unknown = 7): JsonObject => ({
  subtype: "mcp_message",
  server_name: "client",
  message: { jsonrpc: "2.0", method, id, ...(params ? { params } : {}) },
});
const call = (toolUseId: string): JsonObject =>
  mcp("tools/call", { name: "weather", arguments: {}, _meta: { "claudecode/toolUseId": toolUseId } });
const result = (id: string, text: string, isError = false): ToolResult => ({
  type: "result",
  id,
  content: [{ type: "text", text }],
  isError,
});
const answered = (held: object, id: unknown = 7): JsonObject => ({
  mcp_response: { jsonrpc: "2.0", id, result: held },
});
const ask = (toolServer: ToolServer, request: JsonObject): Promise<JsonObject> =>
  new Promise((resolve) => toolServer.answer(request, resolve));
const said = (text: string): JsonObject => answered({ content: [{ type: "text", text }] });

test("tools are registered with their schema unchanged, as ones that may run side by side", () => {
  const fields = toServerFields([TOOL]) as {
    sdkMcpServerManifests: { client: { toolsListResult: object } };
    sdkMcpServers: unknown;
  };
  assert.deepEqual(fields.sdkMcpServers, ["client"]);
  assert.deepEqual(fields.sdkMcpServerManifests.client.toolsListResult, { tools: [MCP_TOOL] });
});

test("a call may be held for a day", () => {
  assert.deepEqual(toServerFields([TOOL])["sdkMcpServerConfigs"], { client: { timeout: 86_400_000 } });
});

test("no tools register nothing", () => {
  assert.deepEqual(toServerFields([]), {});
});

test("a CLI that asks for the list itself is told the same as in the registration", async () => {
  const toolServer = createToolServer();
  toolServer.offer([TOOL]);
  assert.deepEqual(await ask(toolServer, mcp("tools/list")), answered({ tools: [MCP_TOOL] }));
  const { sdkMcpServerManifests } = toServerFields([TOOL]) as {
    sdkMcpServerManifests: { client: { initializeResult: object } };
  };
  assert.deepEqual(await ask(toolServer, mcp("initialize")), answered(sdkMcpServerManifests.client.initializeResult));
});

test("pings and notifications are answered, the latter under number 0", async () => {
  const toolServer = createToolServer();
  assert.deepEqual(await ask(toolServer, mcp("ping")), answered({}));
  assert.deepEqual(await ask(toolServer, mcp("notifications/initialized", undefined, null)), answered({}, 0));
});

test("a call waits until its result is given", async () => {
  const toolServer = createToolServer();
  const answer = ask(toolServer, call("toolu_01-A"));
  toolServer.give([result("other", "no")]);
  toolServer.give([result("toolu01A", "rain")]);
  assert.deepEqual(await answer, said("rain"));
});

test("a result that is there first waits for its call", async () => {
  const toolServer = createToolServer();
  toolServer.give([result("toolu01A", "rain")]);
  assert.deepEqual(await ask(toolServer, call("toolu_01A")), said("rain"));
});

test("parallel calls each get their own result, in whatever order they are given", async () => {
  const toolServer = createToolServer();
  const answers = ["a", "b", "c"].map((id) => ask(toolServer, call(id)));
  toolServer.give([result("c", "C")]);
  toolServer.give([result("a", "A"), result("b", "B")]);
  assert.deepEqual(await Promise.all(answers), [said("A"), said("B"), said("C")]);
});

test("a result is given once: a call of the same id waits for another", async () => {
  const toolServer = createToolServer();
  toolServer.give([result("a", "first")]);
  assert.deepEqual(await ask(toolServer, call("a")), said("first"));
  const second = ask(toolServer, call("a"));
  toolServer.give([result("a", "second")]);
  assert.deepEqual(await second, said("second"));
});

test("a result that is an error says so", async () => {
  const toolServer = createToolServer();
  toolServer.give([result("a", "broken", true)]);
  assert.deepEqual(
    await ask(toolServer, call("a")),
    answered({ content: [{ type: "text", text: "broken" }], isError: true }),
  );
});

test("images go along in base64, and empty results are empty", async () => {
  const toolServer = createToolServer();
  const image = { type: "image", source: { type: "base64", mediaType: "image/png", data: "AAAA" } } as const;
  toolServer.give([{ type: "result", id: "a", content: [image], isError: false }]);
  toolServer.give([{ type: "result", id: "b", content: [], isError: false }]);
  assert.deepEqual(
    await ask(toolServer, call("a")),
    answered({ content: [{ type: "image", data: "AAAA", mimeType: "image/png" }] }),
  );
  assert.deepEqual(await ask(toolServer, call("b")), answered({ content: [] }));
});

const IMAGE = { type: "image", source: { type: "base64", mediaType: "image/png", data: "AAAA" } } as const;
const IMAGE_BY_URL = { type: "image", source: { type: "url", url: "https://x" } } as const;
const withContent = (content: ToolResult["content"], isError = false): ToolResult => ({
  type: "result",
  id: "a",
  content,
  isError,
});
const text = (words: string) => ({ type: "text", text: words }) as const;

for (const [what, given, isGiveable] of [
  ["text", result("a", " rain\n"), true],
  ["text beside a blank one", withContent([text("rain"), text(" ")]), true],
  ["an image", withContent([IMAGE]), true],
  ["an image by URL", withContent([IMAGE_BY_URL]), false],
  ["nothing", withContent([]), false],
  ["an empty text", result("a", ""), false],
  ["blank texts", withContent([text(" "), text("\n")]), false],
  ["500,000 characters", withContent([text("x".repeat(250_000)), text("x".repeat(250_000))]), true],
  ["500,001 characters", result("a", "x".repeat(500_001)), false],
  ["an error of one text", result("a", "no such file", true), true],
  ["an error with a blank at its end", result("a", "no such file\n", true), false],
  ["an error of two texts", withContent([text("a"), text("b")], true), false],
  ["an error with an image", withContent([text("a"), IMAGE], true), false],
  ["an error without text", withContent([], true), false],
  ["an empty error", result("a", "", true), false],
  ["an error of 10,000 characters", result("a", "x".repeat(10_000), true), true],
  ["an error of 10,001 characters", result("a", "x".repeat(10_001), true), false],
] as const) {
  test(`${what}: ${isGiveable ? "arrives as it is" : "would be changed on its way"}`, () => {
    assert.equal(areGiveable([given]), isGiveable);
  });
}

test("of several results each may be as long as one alone, and one that would be changed counts for all", () => {
  const long = ["a", "b", "c"].map((id) => result(id, "x".repeat(450_000)));
  assert.equal(areGiveable(long), true);
  assert.equal(areGiveable([...long, result("d", "")]), false);
});

test("anything else is refused", async () => {
  const toolServer = createToolServer();
  const refused = [
    {},
    { subtype: "can_use_tool" },
    { subtype: "mcp_message" },
    { subtype: "mcp_message", message: {} },
    mcp("resources/list"),
    mcp("tools/call", {}),
  ];
  for (const request of refused) await assert.rejects(ask(toolServer, request), Error, JSON.stringify(request));
});
