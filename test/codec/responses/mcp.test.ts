/** MCP servers in Responses: read from `tools`, told as items, and given back as input. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEncoder } from "../../../src/codec/responses/encode.ts";
import { responses } from "../../../src/codec/responses/responses.ts";
import { toStored } from "../../../src/codec/responses/stored.ts";
import { ProxyError } from "../../../src/core/error.ts";
import type { AnswerEvent } from "../../../src/core/event.ts";
import { createFold, toMessages } from "../../../src/core/reply.ts";
import { finish } from "../../../src/lib/work.ts";
import { START, STOP, text, USAGE } from "../../core/sample.ts";
import { checkGolden, checkGoldenFrames } from "../golden.ts";
import { EMPTY_STORE, META } from "../wire.ts";
import { user } from "./request.ts";

const TOOL = {
  type: "mcp",
  server_label: "notes",
  server_url: "https://mcp.example.com/mcp",
  require_approval: "never",
};

const decode = (body: object, takesServers = true) =>
  finish(responses.decode({ model: "opus", input: "hi", ...body }, EMPTY_STORE, takesServers));
const readServer = (fields: object) => decode({ tools: [{ ...TOOL, ...fields }] }).servers?.[0]?.server;

const toHeaders = (count: number, length: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`X-${at}`, "x".repeat(length)]));

function refusalOf(body: object): ProxyError {
  try {
    decode(body);
  } catch (error) {
    assert.ok(error instanceof ProxyError, String(error));
    return error;
  }
  return assert.fail(JSON.stringify(body));
}

test("a server is read with its headers, its token and its tools", () => {
  assert.deepEqual(readServer({ headers: { "X-Key": "k" }, authorization: "t0k3n", allowed_tools: ["a"] }), {
    name: "notes",
    allowedTools: ["a"],
    config: {
      type: "http",
      url: "https://mcp.example.com/mcp",
      headers: { "X-Key": "k", Authorization: "Bearer t0k3n" },
    },
    isRequested: true,
  });
  assert.deepEqual(readServer({ allowed_tools: { tool_names: ["a"], read_only: false } })?.allowedTools, ["a"]);
  const plain = { name: "notes", config: { type: "sse", url: "https://mcp.example.com/sse" }, isRequested: true };
  assert.deepEqual(
    readServer({ server_url: "https://mcp.example.com/sse", headers: null, allowed_tools: null }),
    plain,
  );
});

test("the response repeats a server without what may be secret, and names what cannot be honoured", () => {
  const tool = { ...TOOL, server_url: "https://mcp.example.com/key/secret?k=secret", server_description: "d" };
  const { form, delivery } = decode({ tools: [{ ...tool, headers: { K: "secret" }, authorization: "secret" }] });
  const { tools } = (form as { request: { tools: readonly object[] } }).request;
  assert.doesNotMatch(JSON.stringify(tools), /secret/);
  assert.deepEqual(tools, [
    { ...TOOL, server_description: "d", server_url: "https://mcp.example.com/<redacted>", headers: null },
  ]);
  assert.deepEqual(delivery.ignored, ["tools[0].server_description"]);
});

test("where requests may name no server, one is left out and named, whatever it says", () => {
  const { servers, delivery } = decode({ tools: [{ type: "mcp" }] }, false);
  assert.deepEqual([servers, delivery.ignored], [[], ["tools[0]"]]);
});

test("a choice of no tool is one of no server", () => {
  assert.deepEqual(decode({ tools: [TOOL], tool_choice: "none" }).servers, []);
});

for (const [what, fields, param, words] of [
  ["no approval", { require_approval: undefined }, "require_approval", /nobody is asked here/],
  ["an approval by a person", { require_approval: "always" }, "require_approval", /without the field all calls ask/],
  ["approvals by tool", { require_approval: { never: { tool_names: ["a"] } } }, "require_approval", /"never"/],
  ["a connector", { connector_id: "connector_dropbox" }, "connector_id", /connectors are not had here/],
  ["no address", { server_url: undefined }, "server_url", /non-empty/],
  ["another scheme", { server_url: "file:///etc/passwd" }, "server_url", /expected an https URL/],
  ["a password in the address", { server_url: "https://u:secret@h/" }, "server_url", /without a user/],
  ["a strange name", { server_label: "a__b" }, "server_label", /single underscores/],
  ["the name of the client's tools", { server_label: "client" }, "server_label", /not client/],
  ["tools that only read", { allowed_tools: { read_only: true } }, "allowed_tools.read_only", /by name alone/],
  ["another host than was checked", { headers: { hOST: "intern.test" } }, "headers.hOST", /the connection's own/],
  ["a body's length", { headers: { "Content-Length": "5" } }, "headers.Content-Length", /the connection's own/],
  ["a header of two lines", { headers: { a: "secret\r\ny" } }, "headers.a", /a header's name and its value/],
  ["a long header", { headers: { a: "secret ".repeat(1200) } }, "headers.a", /at most 8192 characters/],
  ["very many headers' words", { headers: toHeaders(10, 8000) }, "headers", /at most 65536 characters in all/],
  ["a long token", { authorization: "secret".repeat(1400) }, "authorization", /at most 8192 characters/],
  ["a long address", { server_url: `https://h/${"secret".repeat(700)}` }, "server_url", /at most 4096 characters/],
  ["a token of two words", { authorization: "secret words" }, "authorization", /expected a token/],
] as const) {
  test(`${what} is refused, and no secret is repeated`, () => {
    const { kind, param: named, message } = refusalOf({ tools: [{ ...TOOL, ...fields }] });
    assert.deepEqual([kind, named], ["invalid_request", `tools[0].${param}`]);
    assert.match(message, words);
    assert.doesNotMatch(message, /secret/);
  });
}

test("two servers of one name are refused", () => {
  assert.match(refusalOf({ tools: [TOOL, TOOL] }).message, /another MCP server is named notes/);
});

const call = (id: string): AnswerEvent[] => [
  { type: "mcp_call", id, server: "notes", name: "add" },
  { type: "mcp_arguments", id, json: '{"a":' },
  { type: "mcp_arguments", id, json: "1}" },
];
const result = (id: string, words: string, isError = false): AnswerEvent => ({
  type: "mcp_result",
  id,
  content: [{ type: "text", text: words }],
  isError,
});
const SERVERS: AnswerEvent = {
  type: "mcp_servers",
  servers: [
    { name: "notes", status: "connected", tools: ["add"], error: undefined },
    { name: "gone", status: "failed", tools: [], error: "HTTP 401" },
  ],
};
const EVENTS: readonly AnswerEvent[] = [
  START,
  SERVERS,
  text("Look."),
  ...call("toolu_1"),
  ...call("toolu_2"),
  result("toolu_1", "2"),
  result("toolu_2", "it does not work", true),
  text("Yes."),
  STOP,
];
const HELD: readonly AnswerEvent[] = [
  START,
  SERVERS,
  ...call("toolu_1"),
  { type: "call", index: 0, id: "toolu2", name: "weather" },
  { type: "arguments", index: 0, json: "{}" },
  { type: "done", finish: "tool_calls", usage: USAGE },
];
const FORM = finish(responses.decode({ model: "opus", input: "hi", tools: [TOOL] }, EMPTY_STORE, true)).form;
const PARSED = FORM as Parameters<typeof createEncoder>[0];

function toReply(events: readonly AnswerEvent[]) {
  const fold = createFold();
  fold.add(events);
  return fold.reply;
}

for (const [name, events] of Object.entries({ mcp: EVENTS, "mcp-held": HELD })) {
  const frames = events.flatMap(createEncoder(PARSED, META).encode);
  const whole = responses.encodeReply(toReply(events), FORM, META);
  test(`a stream with calls (${name}) is as it is kept`, () => checkGoldenFrames(`responses-${name}-stream`, frames));
  test(`a whole answer with calls (${name}) is as it is kept`, () => checkGolden(`responses-${name}`, whole));
  test(`a stream with calls (${name}) ends with the whole answer`, () => {
    const { response } = JSON.parse(frames.at(-1)?.data ?? "{}") as { response: unknown };
    assert.deepEqual(response, JSON.parse(JSON.stringify(whole)));
  });
}

test("items that are given back make the same messages as the answer, though calls made together are apart", () => {
  const { output } = responses.encodeReply(toReply(EVENTS), FORM, META) as { output: readonly object[] };
  const { turn, form } = decode({ input: [user("hi"), ...output, user("and?")] });
  assert.deepEqual((form as { listed: readonly string[] }).listed, ["notes"]);
  const flat = (messages: readonly { readonly content: readonly object[] }[]) =>
    messages.flatMap(({ content }) => content);
  const given = flat(turn.messages.slice(1, -1));
  const made = flat(toMessages(toReply(EVENTS)));
  const sort = (parts: readonly object[]) => parts.map((part) => JSON.stringify(part)).sort();
  assert.deepEqual(sort(given), sort(made));
});

test("a server that was listed is not listed again unless that failed, by its items or in a stored response", () => {
  const listed = { type: "mcp_list_tools", id: "mcpl_1", server_label: "notes", tools: [] };
  const { form } = decode({ input: [listed, user("hi")], tools: [TOOL] });
  const { output } = responses.encodeReply(toReply(EVENTS), form, META) as { output: readonly { type: string }[] };
  assert.equal(output.filter(({ type }) => type === "mcp_list_tools").length, 1);
  const decoded = decode({ input: "hi", tools: [TOOL] });
  const { value } = toStored({ ...decoded, form: PARSED }, toReply(EVENTS), META);
  const store = { get: () => JSON.parse(JSON.stringify(value)) as unknown };
  const next = finish(responses.decode({ model: "opus", input: "and?", previous_response_id: "resp_1" }, store, true));
  assert.deepEqual((next.form as { listed: readonly string[] }).listed, ["notes"]);
  assert.deepEqual(next.turn.messages.slice(1, -1), JSON.parse(JSON.stringify(toMessages(toReply(EVENTS)))));
});

test("every item of a stored answer is found by its id, and one that is referred to twice counts once", () => {
  const decoded = decode({ input: "hi", tools: [TOOL] });
  const { id: storedId, value } = toStored({ ...decoded, form: PARSED }, toReply(EVENTS), META);
  const { output } = (value as { response: { output: readonly { id: string }[] } }).response;
  const store = { get: (id: string) => (id === storedId ? value : undefined) };
  const read = (items: readonly object[]) =>
    finish(responses.decode({ model: "opus", input: [user("hi"), ...items, user("and?")] }, store)).turn.messages;
  const references = output.map(({ id }) => ({ type: "item_reference", id }));
  assert.deepEqual(read(references), read(output));
  assert.deepEqual(read(references.flatMap((item) => [item, item])), read(output));
});

test("an item of an earlier release, and one of another server, has the API's id of its call after the kind", () => {
  const item = { type: "mcp_call", server_label: "s", name: "f", arguments: "", output: "5" };
  for (const id of ["mcp_toolu_1", `mcp_${"0123456789abcdef".repeat(2)}12_toolu_1`, "toolu_1"]) {
    const [, answer] = decode({ input: [user("hi"), { ...item, id }, user("and?")] }).turn.messages;
    assert.equal((answer?.content[0] as { id?: string } | undefined)?.id, "toolu_1", id);
  }
});

test("a call without a result is left out, and errors of every form are read", () => {
  const item = { type: "mcp_call", id: "mcp_1", server_label: "s", name: "f", arguments: "" };
  const read = (fields: object) => decode({ input: [user("hi"), { ...item, ...fields }, user("and?")] }).turn.messages;
  assert.equal(read({ output: null, error: null }).length, 1);
  const toWords = (fields: object) => JSON.stringify(read(fields)[2]?.content[0]);
  assert.match(toWords({ output: "5" }), /"text":"5".*"isError":false/);
  assert.match(toWords({ output: "" }), /"content":\[\],"isError":false/);
  assert.match(toWords({ error: "no" }), /"text":"no".*"isError":true/);
  assert.match(toWords({ error: { type: "http_error", code: 500, message: "no" } }), /"text":"no"/);
});
