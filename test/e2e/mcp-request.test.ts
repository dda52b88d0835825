/** MCP servers that a request names, with the official clients and a server of the official SDK on loopback. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import type { BetaMessageParam } from "@anthropic-ai/sdk/resources/beta/messages/messages";
import type { Responses } from "openai/resources/responses/responses";
import { isObject } from "../../src/lib/json.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { user } from "../helpers/answer.ts";
import { makeCertificate, startMcpServer, toStdioServer, writeMcpConfig } from "../helpers/mcp.ts";
import { readStarts, untilEnded } from "../helpers/client.ts";
import { startPair } from "../helpers/pair.ts";
import { readProcesses } from "../helpers/processes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { NO_SPARES } from "../helpers/session.ts";
import { createAnthropic, createOpenAi } from "../helpers/sdk.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { ApiCall, Step } from "../helpers/upstream.ts";
import { readFiles } from "../helpers/folder.ts";

const TOKEN = "request-secret-2342-mnopqr";
const port = await startMcpServer({ after }, { MCP_TOKEN: TOKEN });
const URL = `http://127.0.0.1:${port}/mcp`;
/** Speaks https, for `localhost` alone. */
const certificate = makeCertificate({ after });
const securePort = await startMcpServer({ after }, { MCP_TOKEN: TOKEN, MCP_TLS: certificate.variable });
/** Is ended by a call. */
const dyingPort = await startMcpServer({ after });
/** Nothing listens there. */
const CLOSED_PORT = 9;
const HOSTS = [
  ...[port, dyingPort, securePort, CLOSED_PORT].map((at) => `127.0.0.1:${at}`),
  `localhost:${securePort}`,
].join();
const upstream = await startUpstream({ after });
// A turn of the profile none has none of the servers of --mcp-config.
const config = writeMcpConfig({ after }, { local: toStdioServer() });
const proxy = await startProxy(
  { after },
  {
    upstream,
    args: [...NO_SPARES, "--allow-request-mcp", HOSTS, "--mcp-config", config, "--log-level", "trace"],
    env: { MCP_TIMEOUT: "3000", MCP_TOOL_TIMEOUT: "2000", NODE_EXTRA_CA_CERTS: certificate.path },
  },
);
const client = createOpenAi(proxy.url);
beforeEach(() => upstream.reset());

const MODEL = "claude-sonnet-4";
const TOOLS = ["add", "die", "dot.name", "fail", "image", "stall", "token"];

const mcp: Responses.Tool.Mcp = {
  type: "mcp",
  server_label: "sums",
  server_url: URL,
  authorization: TOKEN,
  require_approval: "never",
};
const server = { type: "url", name: "sums", url: URL, authorization_token: TOKEN } as const;
const use = (name: string, input: object = {}): Step => ({ tool: `mcp__sums__${name}`, input });

/** Has the model take these steps, one round after the other, and then end. */
function play(...rounds: readonly (readonly Step[])[]): void {
  const first = upstream.calls.length;
  upstream.answer((_call, at) => rounds[at - first] ?? [{ text: "finished" }]);
}

const toNames = (): string[] => (upstream.calls.at(-1)?.body.tools ?? []).map(({ name }) => name);

/** The blocks of an API call, without the marks of the prompt cache, which are on the last one. */
function toBlocks(call: ApiCall | undefined): JsonObject[] {
  const all = (call?.body.messages ?? []).flatMap(({ content }) =>
    Array.isArray(content) ? (content as unknown[]) : [content],
  );
  return all.map((block) => {
    const held: JsonObject = isObject(block) ? block : { type: "text", text: block };
    const { cache_control: _cache, ...rest } = held;
    return rest;
  });
}

let hasNotes = false;

/** Has the CLI's notes learned: with them a replay has them where the live process does. */
async function learnNotes(): Promise<void> {
  if (hasNotes) return;
  const messages = [user("a"), { role: "assistant", content: "b" }, user("c")];
  assert.equal((await proxy.chat({ model: MODEL, messages })).status, 200);
  await proxy.logged(/learned notes/);
  hasNotes = true;
}

/** The process that was started last. */
const lastPid = (): number => readStarts(proxy).at(-1)?.pid ?? 0;

/** Ends it under its next turn. */
async function killLast(): Promise<void> {
  const pid = lastPid();
  process.kill(pid, "SIGKILL");
  await untilEnded(proxy, pid);
}

test("openai: calls are items of the answer, and their secrets are seen nowhere", async () => {
  const rounds = [
    [{ text: "Let me see." }, use("add", { a: 2, b: 3 }), use("image"), use("fail")],
    [use("token"), use("dot_name")],
  ] as const;
  let commands = "";
  upstream.answer((_call, at) => {
    commands += readProcesses()
      .map(({ command }) => command)
      .join("\n");
    return rounds[at] ?? [{ text: "finished" }];
  });
  const response = await client.responses.create({ model: MODEL, input: "go", tools: [mcp] });
  assert.equal(response.output_text, "Let me see.finished");
  assert.deepEqual(
    response.output.map((item) => [item.type, "status" in item ? item.status : undefined]),
    [
      ["mcp_list_tools", undefined],
      ["message", "completed"],
      ["mcp_call", "completed"],
      ["mcp_call", "completed"],
      ["mcp_call", "failed"],
      ["mcp_call", "completed"],
      ["mcp_call", "completed"],
      ["message", "completed"],
    ],
  );
  const [list, , sum, image, failure, length, dotted] = response.output as [
    Responses.ResponseOutputItem.McpListTools,
    unknown,
    ...Responses.ResponseOutputItem.McpCall[],
  ];
  assert.deepEqual(list.tools.map(({ name }) => name).sort(), TOOLS);
  assert.deepEqual([sum?.server_label, sum?.name, sum?.arguments, sum?.output], ["sums", "add", '{"a":2,"b":3}', "5"]);
  assert.equal(image?.output, "a pixel\n[image: image/png]");
  assert.deepEqual([failure?.output, JSON.stringify(failure?.error).includes("it does not work")], [null, true]);
  assert.equal(length?.output, `${TOKEN.length} characters`);
  assert.deepEqual([dotted?.name, dotted?.output], ["dot.name", "dotted"]);
  const [repeated] = response.tools;
  assert.ok(repeated?.type === "mcp" && repeated.server_url?.endsWith("/<redacted>"));

  const health = await (await fetch(`${proxy.url}/health`)).text();
  await proxy.logged(/info mcp tool called tool=mcp__sums__token/);
  assert.ok(commands.includes("claude"), "the CLI ran");
  for (const [where, words] of Object.entries({
    ps: commands,
    health,
    log: proxy.log.join("\n"),
    answer: JSON.stringify(response),
  }))
    assert.ok(!words.includes(TOKEN), where);
  const holding = readFiles(proxy.home).filter(({ content }) => content.includes(TOKEN));
  assert.deepEqual(
    holding.map(({ path }) => path),
    [],
  );
});

test("openai: calls stream; a conversation goes on in its process, by id and by its items; another is told it as it was", async () => {
  await learnNotes();
  const rounds = [
    [{ thinking: "hm" }, { text: "Let me see." }, use("add", { a: 2, b: 3 }), use("image")],
    [{ thinking: "well" }, use("fail")],
  ] as const;
  const fields = { model: MODEL, tools: [mcp] };
  play(...rounds);
  const events: Responses.ResponseStreamEvent[] = [];
  for await (const event of await client.responses.create({ ...fields, input: "go", stream: true })) events.push(event);
  const told = events.map(({ type }) => type.replace("response.", "")).filter((type) => type.includes("mcp"));
  assert.deepEqual(
    told.filter((type) => type !== "mcp_call_arguments.delta"),
    [
      "mcp_list_tools.in_progress",
      "mcp_list_tools.completed",
      // Two calls of one message, whose results come after it.
      ...["in_progress", "in_progress"].flatMap((type) => [`mcp_call.${type}`, "mcp_call_arguments.done"]),
      ...["mcp_call.completed", "mcp_call.completed"],
      ...["mcp_call.in_progress", "mcp_call_arguments.done", "mcp_call.failed"],
    ],
  );
  const last = events.at(-1);
  assert.ok(last?.type === "response.completed");
  const first = last.response;
  const streamed = first.output.find((item) => item.type === "mcp_call");
  assert.deepEqual([streamed?.output, streamed?.arguments], ["5", '{"a":2,"b":3}']);

  const pid = lastPid();
  const next = await client.responses.create({ ...fields, input: "and?", previous_response_id: first.id });
  const live = toBlocks(upstream.calls.at(-1));
  assert.equal(live.filter(({ type }) => type === "tool_result").length, 3);
  assert.deepEqual(
    next.output.map(({ type }) => type),
    ["message"],
    "the tools are not listed again",
  );
  await proxy.logged(/start=hot/);
  const toInput = (...items: readonly object[]): Responses.ResponseInput => items as Responses.ResponseInput;
  const input = toInput(user("go"), ...first.output, user("and?"));
  await client.responses.create({ ...fields, input: toInput(...input, ...next.output, user("and then?")) });
  assert.equal(lastPid(), pid, "the process that knows it has gone on");
  await killLast();
  await client.responses.create({ ...fields, input });
  assert.deepEqual(toBlocks(upstream.calls.at(-1)), live);
});

test("anthropic: calls and results are blocks, in one piece and as a stream, and go back in the history", async () => {
  await learnNotes();
  const { beta } = createAnthropic(proxy.url);
  const fields = {
    model: MODEL,
    max_tokens: 1000,
    mcp_servers: [server],
    tools: [
      {
        type: "mcp_toolset",
        mcp_server_name: "sums",
        default_config: { enabled: false },
        configs: { add: { enabled: true }, image: { enabled: true } },
      },
    ],
    betas: ["mcp-client-2025-11-20"],
  } satisfies Partial<Parameters<typeof beta.messages.create>[0]>;
  const go: BetaMessageParam = { role: "user", content: "go" };
  const rounds = [
    [{ text: "Let me see." }, use("add", { a: 2, b: 3 }), use("image")],
    [{ thinking: "well" }, use("fail")],
  ] as const;
  play(...rounds);
  const first = await beta.messages.create({ ...fields, messages: [go] });
  assert.deepEqual(toNames(), ["mcp__sums__add", "mcp__sums__image"], "no other tool is in the prompt");
  assert.deepEqual(
    first.content.map(({ type }) => type),
    [
      "text",
      "mcp_tool_use",
      "mcp_tool_use",
      "mcp_tool_result",
      "mcp_tool_result",
      "mcp_tool_use",
      "mcp_tool_result",
      "text",
    ],
  );
  const [, call, , result] = first.content;
  assert.ok(call?.type === "mcp_tool_use" && result?.type === "mcp_tool_result");
  assert.deepEqual([call.server_name, call.name, call.input], ["sums", "add", { a: 2, b: 3 }]);
  assert.deepEqual(
    [result.tool_use_id, result.is_error, result.content],
    [call.id, false, [{ type: "text", text: "5" }]],
  );
  const messages: BetaMessageParam[] = [
    go,
    { role: "assistant", content: first.content },
    { role: "user", content: "and?" },
  ];
  const pid = lastPid();
  await beta.messages.create({ ...fields, messages });
  assert.equal(lastPid(), pid, "the process that knows it has gone on");
  const live = toBlocks(upstream.calls.at(-1));
  await killLast();
  const { content } = await beta.messages.create({ ...fields, messages });
  assert.deepEqual(toBlocks(upstream.calls.at(-1)), live);

  play(...rounds);
  const stream = beta.messages.stream({ ...fields, messages: [...messages, { role: "assistant", content }, go] });
  const streamed = await stream.finalMessage();
  const toPlain = (content: readonly object[]) => JSON.stringify(content).replaceAll(/toolu_\w+/g, "toolu");
  assert.equal(toPlain(streamed.content), toPlain(first.content));
});

test("a request's servers are its own, beside the client's tools; another turn is asked as if there were no MCP option", async (t) => {
  const weather: Responses.Tool = { type: "function", name: "weather", parameters: { type: "object" }, strict: false };
  const tools = [weather, mcp];
  play([use("add", { a: 20, b: 3 }), { tool: "mcp__client__weather", input: {} }]);
  const first = await client.responses.create({ model: MODEL, input: "go", tools });
  assert.deepEqual(toNames(), ["mcp__client__weather", ...TOOLS.map((name) => `mcp__sums__${name.replace(".", "_")}`)]);
  assert.deepEqual(
    first.output.map(({ type }) => type),
    ["mcp_list_tools", "mcp_call", "function_call"],
  );
  const called = first.output.find((item) => item.type === "function_call");
  const output: Responses.ResponseInputItem = {
    type: "function_call_output",
    call_id: called?.call_id ?? "",
    output: "rain",
  };
  const next = await client.responses.create({ model: MODEL, input: [output], tools, previous_response_id: first.id });
  const told = next.output.find((item) => item.type === "mcp_call");
  assert.deepEqual([told?.status, told?.output], ["completed", "23"], "the result comes with the next answer");

  // Without the option the servers of a request are ignored.
  const plain = await startPair(t);
  const bodies: string[] = [];
  for (const [pair, ignored, own] of [
    [{ upstream, proxy }, null, [weather]],
    [plain, "tools[1]", tools],
  ] as const) {
    const body = { model: MODEL, instructions: "Be brief.", input: "go", tools: [...own] };
    const { data, response } = await createOpenAi(pair.proxy.url).responses.create(body).withResponse();
    assert.equal(data.output_text, ignored === null ? "finished" : "Hello world");
    assert.equal(response.headers.get("x-ignored-parameters"), ignored);
    const sent = pair.upstream.calls.at(-1)?.body ?? assert.fail();
    assert.deepEqual(
      sent.tools?.map(({ name }) => name),
      ["mcp__client__weather"],
    );
    bodies.push(JSON.stringify({ ...sent, metadata: undefined }).replaceAll(pair.proxy.home, "HOME"));
  }
  assert.equal(bodies[1], bodies[0]);
});

test("servers that refuse, hang, are missing or die in mid-call are told as such, and the answer goes on without them", async () => {
  const place = (server_label: string, server_url: string): Responses.Tool.Mcp => ({
    ...mcp,
    server_label,
    server_url,
  });
  const tools = [
    place("hanging", `http://127.0.0.1:${port}/hang`),
    place("missing", `http://127.0.0.1:${CLOSED_PORT}/mcp`),
    place("dying", `http://127.0.0.1:${dyingPort}/mcp`),
    { ...mcp, server_label: "wrong", authorization: "another-secret-9999-wrong" },
    mcp,
  ];
  play([{ tool: "mcp__dying__die", input: {} }], [use("stall")], [use("add", { a: 2, b: 3 })]);
  const { output, output_text: text } = await client.responses.create({ model: MODEL, input: "go", tools });
  const lists = output.flatMap((item) => (item.type === "mcp_list_tools" ? [item] : []));
  assert.deepEqual(
    lists.map((item) => [item.server_label, item.tools.length]),
    [
      ["hanging", 0],
      ["missing", 0],
      ["dying", TOOLS.length],
      ["wrong", 0],
      ["sums", TOOLS.length],
    ],
  );
  assert.match(String(lists[0]?.error), /timed out after 3000ms/);
  assert.match(String(lists[1]?.error), /ECONNREFUSED/);
  assert.ok(lists[3]?.error);
  assert.ok(!proxy.log.join("\n").includes("another-secret"));
  const calls = output.flatMap((item) => (item.type === "mcp_call" ? [item] : []));
  assert.deepEqual(
    calls.map(({ name, status, output: given }) => [name, status, given]),
    [
      ["die", "failed", null],
      ["stall", "failed", null],
      ["add", "completed", "5"],
    ],
  );
  assert.match(JSON.stringify(calls[0]?.error), /closed/i);
  assert.match(JSON.stringify(calls[1]?.error), /timed out after 2s/);
  assert.equal(text, "finished");
});

test("a server is asked by https, and one whose certificate is not its own is told as such", async () => {
  const other: Responses.Tool.Mcp = {
    ...mcp,
    server_label: "other",
    server_url: `https://127.0.0.1:${securePort}/mcp`,
  };
  const tools = [{ ...mcp, server_url: `https://localhost:${securePort}/mcp` }, other];
  play([use("add", { a: 2, b: 3 })]);
  const { output } = await client.responses.create({ model: MODEL, input: "go", tools });
  const [list, failed, call] = output;
  assert.ok(list?.type === "mcp_list_tools" && list.tools.length === TOOLS.length && list.error === null);
  assert.ok(failed?.type === "mcp_list_tools" && failed.tools.length === 0);
  assert.match(String(failed.error), /CERT_ALTNAME_INVALID/);
  assert.ok(call?.type === "mcp_call" && call.output === "5");
});

test("hosts that are not allowed, and names that clash, are refused", async () => {
  const ask = async (tools: readonly object[]) => {
    const body = JSON.stringify({ model: MODEL, input: "go", tools });
    const response = await fetch(`${proxy.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    return { response, body: (await response.json()) as { error: { message: string; param: string } } };
  };
  for (const [tools, param, words] of [
    [
      [{ ...mcp, server_url: "https://mcp.example.com/secret" }],
      "tools[0].server_url",
      /no connection to mcp\.example\.com;/,
    ],
    [
      [{ ...mcp, server_url: `http://127.0.0.1:${port + 1}/` }],
      "tools[0].server_url",
      /no connection to 127\.0\.0\.1:\d+;/,
    ],
    [[mcp, { type: "function", name: "mcp__sums__add", parameters: {} }], "tools", /named like one of MCP server sums/],
    [[{ ...mcp, require_approval: "always" }], "tools[0].require_approval", /nobody is asked here/],
  ] as const) {
    const { response, body } = await ask(tools);
    assert.deepEqual([response.status, body.error.param], [400, param]);
    assert.match(body.error.message, words);
  }
});
