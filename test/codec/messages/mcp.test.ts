/** MCP servers in Messages: read from `mcp_servers` and toolsets, told as blocks, and given back in the history. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEncoder } from "../../../src/codec/messages/encode.ts";
import { messages } from "../../../src/codec/messages/messages.ts";
import { ProxyError } from "../../../src/core/error.ts";
import type { AnswerEvent } from "../../../src/core/event.ts";
import { createFold, toMessages } from "../../../src/core/reply.ts";
import { finish } from "../../../src/lib/work.ts";
import { START, STOP, text } from "../../core/sample.ts";
import { checkGolden, checkGoldenFrames } from "../golden.ts";
import { EMPTY_STORE, META } from "../wire.ts";
import { assistant, user } from "./request.ts";

const SERVER = { type: "url", url: "https://mcp.example.com/mcp", name: "notes" };
const TOOLSET = { type: "mcp_toolset", mcp_server_name: "notes" };

const decode = (fields: object, takesServers = true) =>
  finish(
    messages.decode({ model: "opus", max_tokens: 64, messages: [user("hi")], ...fields }, EMPTY_STORE, takesServers),
  );
const read = (server: object, ...tools: object[]) =>
  decode({ mcp_servers: [{ ...SERVER, ...server }], tools }).servers?.map((held) => held.server);

test("a server is read with its token; without a toolset it has all of its tools", () => {
  assert.deepEqual(read({ authorization_token: "t0k3n" }), [
    {
      name: "notes",
      config: { type: "http", url: SERVER.url, headers: { Authorization: "Bearer t0k3n" } },
      isRequested: true,
    },
  ]);
  assert.deepEqual(read({}), read({}, TOOLSET));
});

for (const [what, server, toolset, chosen] of [
  ["the older form's list", { tool_configuration: { allowed_tools: ["a"] } }, {}, { allowedTools: ["a"] }],
  ["one that is off", {}, { configs: { a: { enabled: false }, b: {} } }, { deniedTools: ["a"] }],
  [
    "one that is on",
    {},
    { default_config: { enabled: false }, configs: { a: { enabled: true } } },
    { allowedTools: ["a"] },
  ],
  ["none that is on", {}, { default_config: { enabled: false } }, { allowedTools: [] }],
] as const) {
  test(`tools are chosen by ${what}`, () => {
    const [found] = read(server, ...(Object.keys(toolset).length > 0 ? [{ ...TOOLSET, ...toolset }] : [])) ?? [];
    const { name: _name, config: _config, isRequested: _isRequested, ...rest } = found ?? assert.fail();
    assert.deepEqual(rest, chosen);
  });
}

test("a server that is switched off is none, nor is any where no tool is to be called", () => {
  assert.deepEqual(read({ tool_configuration: { enabled: false } }), []);
  assert.deepEqual(decode({ mcp_servers: [SERVER], tool_choice: { type: "none" } }).servers, []);
});

test("where requests may name no server, servers and toolsets are left out and named", () => {
  const { servers, delivery } = decode({ mcp_servers: [SERVER], tools: [TOOLSET] }, false);
  assert.deepEqual([servers, delivery.ignored], [[], ["mcp_servers", "tools[0]"]]);
});

test("what cannot be honoured of a toolset is named", () => {
  const configs = { a: { defer_loading: true } };
  assert.deepEqual(decode({ mcp_servers: [SERVER], tools: [{ ...TOOLSET, configs }] }).delivery.ignored, [
    "tools[0].configs.a.defer_loading",
  ]);
});

for (const [what, fields, param] of [
  ["a toolset of no server", { tools: [TOOLSET] }, "tools[0].mcp_server_name"],
  ["two toolsets of one server", { mcp_servers: [SERVER], tools: [TOOLSET, TOOLSET] }, "tools[1].mcp_server_name"],
  ["two servers of one name", { mcp_servers: [SERVER, SERVER] }, "mcp_servers[1].url"],
  ["another kind of server", { mcp_servers: [{ ...SERVER, type: "stdio" }] }, "mcp_servers[0].type"],
  ["a server without an address", { mcp_servers: [{ ...SERVER, url: undefined }] }, "mcp_servers[0].url"],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => decode(fields),
      (error) => error instanceof ProxyError && error.kind === "invalid_request" && error.param === param,
    );
  });
}

const image = { type: "image", source: { type: "base64", mediaType: "image/png", data: "AA==" } } as const;
const EVENTS: readonly AnswerEvent[] = [
  START,
  { type: "mcp_servers", servers: [{ name: "notes", status: "connected", tools: ["add"], error: undefined }] },
  text("Look."),
  { type: "mcp_call", id: "toolu_1", server: "notes", name: "add" },
  { type: "mcp_arguments", id: "toolu_1", json: '{"a":1}' },
  { type: "mcp_call", id: "toolu_2", server: "notes", name: "show" },
  { type: "mcp_arguments", id: "toolu_2", json: "{}" },
  { type: "mcp_result", id: "toolu_1", content: [{ type: "text", text: "2" }], isError: false },
  { type: "mcp_result", id: "toolu_2", content: [image], isError: true },
  text("Yes."),
  STOP,
];
const { form } = decode({ mcp_servers: [SERVER] });

function toReply() {
  const fold = createFold();
  fold.add(EVENTS);
  return fold.reply;
}

test("a stream with calls is as it is kept", () => {
  const encoder = createEncoder(form as Parameters<typeof createEncoder>[0], META);
  checkGoldenFrames("messages-mcp-stream", EVENTS.flatMap(encoder.encode));
});

const whole = messages.encodeReply(toReply(), form, META) as { content: readonly object[] };

test("a whole answer with calls is as it is kept", () => checkGolden("messages-mcp", whole));

test("blocks that are given back make the same messages as the answer, less the bytes of images", () => {
  const { turn } = decode({ messages: [user("hi"), assistant(whole.content), user("and?")] });
  const made = JSON.stringify(toMessages(toReply())).replace(
    JSON.stringify(image),
    '{"type":"text","text":"[image: image/png]"}',
  );
  assert.deepEqual(turn.messages.slice(1, -1), JSON.parse(made));
});
