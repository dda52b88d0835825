/** MCP servers that a request names, with the official clients and a server of the official SDK on loopback. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { BetaMessageParam } from "@anthropic-ai/sdk/resources/beta/messages/messages";
import type { Responses } from "openai/resources/responses/responses";
import { isObject } from "../../src/lib/json.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { user } from "../helpers/answer.ts";
import { makeCertificate, startMcpServer, toStdioServer, writeMcpConfig } from "../helpers/mcp.ts";
import { startPair } from "../helpers/pair.ts";
import { killAny, readProcesses } from "../helpers/processes.ts";
import { startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { createAnthropic, createOpenAi } from "../helpers/sdk.ts";
import { tool } from "../helpers/tools.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { ApiCall, Step, Upstream } from "../helpers/upstream.ts";

const TOKEN = "request-secret-2342-mnopqr";
const port = await startMcpServer({ after }, { MCP_TOKEN: TOKEN });
const URL = `http://127.0.0.1:${port}/mcp`;
const ARGS = ["--allow-request-mcp", `127.0.0.1:${port}`, "--log-level", "trace"] as const;
/** Nothing listens there. */
const CLOSED_PORT = 9;
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
function play(upstream: Upstream, ...rounds: readonly (readonly Step[])[]): void {
  const first = upstream.calls.length;
  upstream.answer((_call, at) => rounds[at - first] ?? [{ text: "finished" }]);
}

const toNames = ({ calls }: Upstream): string[] => (calls.at(-1)?.body.tools ?? []).map(({ name }) => name);

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
async function learnNotes(proxy: Proxy): Promise<void> {
  const messages = [user("a"), { role: "assistant", content: "b" }, user("c")];
  if (hasNotes) return;
  assert.equal((await proxy.chat({ model: MODEL, messages })).status, 200);
  await proxy.logged(/learned notes/);
  hasNotes = true;
}

/** The files below a folder that hold a text. */
function findFiles(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .filter((path) => readFileSync(path, "latin1").includes(text));
}

test("openai: calls are items of the answer, in one piece and as a stream, and their secrets are seen nowhere", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ARGS);
  const client = createOpenAi(proxy.url);
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

  play(upstream, [use("add", { a: 1, b: 1 })]);
  const events: Responses.ResponseStreamEvent[] = [];
  for await (const event of await client.responses.create({ model: MODEL, input: "go", tools: [mcp], stream: true }))
    events.push(event);
  const told = events.map(({ type }) => type.replace("response.", "")).filter((type) => type.includes("mcp"));
  assert.deepEqual(
    told.filter((type) => type !== "mcp_call_arguments.delta"),
    [
      "mcp_list_tools.in_progress",
      "mcp_list_tools.completed",
      "mcp_call.in_progress",
      "mcp_call_arguments.done",
      "mcp_call.completed",
    ],
  );
  const last = events.at(-1);
  assert.ok(last?.type === "response.completed");
  const streamed = last.response.output.find((item) => item.type === "mcp_call");
  assert.deepEqual([streamed?.output, streamed?.arguments], ["2", '{"a":1,"b":1}']);

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
  assert.deepEqual(findFiles(proxy.home, TOKEN), []);
});

test("openai: a conversation goes on in its process, by id and by its items; another process is told it as it was", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ARGS);
  await learnNotes(proxy);
  const client = createOpenAi(proxy.url);
  const rounds = [
    [{ thinking: "hm" }, { text: "Let me see." }, use("add", { a: 2, b: 3 }), use("image")],
    [{ thinking: "well" }, use("fail")],
  ] as const;
  const fields = { model: MODEL, tools: [mcp] };
  play(upstream, ...rounds);
  const first = await client.responses.create({ ...fields, input: "go" });
  const next = await client.responses.create({ ...fields, input: "and?", previous_response_id: first.id });
  const live = toBlocks(upstream.calls.at(-1));
  assert.equal(live.filter(({ type }) => type === "tool_result").length, 3);
  assert.deepEqual(
    next.output.map(({ type }) => type),
    ["message"],
    "the tools are not listed again",
  );
  await proxy.logged(/start=hot/);

  const input = [user("go"), ...first.output, user("and?")] as Responses.ResponseInput;
  play(upstream, ...rounds);
  const again = await client.responses.create({ ...fields, input: "go" });
  const pids = proxy.children();
  await client.responses.create({
    ...fields,
    input: [user("go"), ...again.output, user("and?")] as Responses.ResponseInput,
  });
  assert.deepEqual(proxy.children(), pids, "the process that knows it has gone on");
  killAny(pids);
  await client.responses.create({ ...fields, input });
  assert.deepEqual(toBlocks(upstream.calls.at(-1)), live);
});

test("anthropic: calls and results are blocks, in one piece and as a stream, and go back in the history", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ARGS);
  await learnNotes(proxy);
  const client = createAnthropic(proxy.url);
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
  } satisfies Partial<Parameters<typeof client.beta.messages.create>[0]>;
  const go: BetaMessageParam = { role: "user", content: "go" };
  const rounds = [
    [{ text: "Let me see." }, use("add", { a: 2, b: 3 }), use("image")],
    [{ thinking: "well" }, use("fail")],
  ] as const;
  play(upstream, ...rounds);
  const first = await client.beta.messages.create({ ...fields, messages: [go] });
  assert.deepEqual(toNames(upstream), ["mcp__sums__add", "mcp__sums__image"], "no other tool is in the prompt");
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
  const pids = proxy.children();
  await client.beta.messages.create({ ...fields, messages });
  assert.deepEqual(proxy.children(), pids, "the process that knows it has gone on");
  const live = toBlocks(upstream.calls.at(-1));
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await client.beta.messages.create({ ...fields, messages });
  assert.deepEqual(toBlocks(upstream.calls.at(-1)), live);

  play(upstream, ...rounds);
  const stream = client.beta.messages.stream({ ...fields, messages: [go] });
  const streamed = await stream.finalMessage();
  const toPlain = (content: readonly object[]) => JSON.stringify(content).replaceAll(/toolu_\w+/g, "toolu");
  assert.equal(toPlain(streamed.content), toPlain(first.content));
});

test("a request's servers are its own, beside the client's tools, and other turns do not have them", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ARGS);
  const client = createOpenAi(proxy.url);
  const weather: Responses.Tool = { type: "function", name: "weather", parameters: { type: "object" }, strict: false };
  const tools = [weather, mcp];
  play(upstream, [use("add", { a: 20, b: 3 }), { tool: "mcp__client__weather", input: {} }]);
  const first = await client.responses.create({ model: MODEL, input: "go", tools });
  assert.deepEqual(toNames(upstream), [
    "mcp__client__weather",
    ...TOOLS.map((name) => `mcp__sums__${name.replace(".", "_")}`),
  ]);
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
  await client.responses.create({ model: MODEL, input: "go" });
  assert.deepEqual(toNames(upstream), []);
});

test("a server that cannot be reached is told, and the answer goes on without it", async (t) => {
  const { proxy } = await startPair(t, ...ARGS);
  const wrong = { ...mcp, authorization: "another-secret-9999-wrong" };
  const response = await createOpenAi(proxy.url).responses.create({ model: MODEL, input: "go", tools: [wrong] });
  const [list, message] = response.output;
  assert.ok(list?.type === "mcp_list_tools" && list.tools.length === 0 && list.error);
  assert.deepEqual([message?.type, response.output_text], ["message", "Hello world"]);
  assert.ok(!proxy.log.join("\n").includes("another-secret"));
});

test("servers that hang, are missing or die in mid-call are told as such, and the answer goes on without them", async (t) => {
  const dying = await startMcpServer(t);
  const upstream = await startUpstream(t);
  const hosts = [port, dying, CLOSED_PORT].map((at) => `127.0.0.1:${at}`).join();
  const env = { MCP_TIMEOUT: "5000", MCP_TOOL_TIMEOUT: "3000" };
  const proxy = await startProxy(t, { upstream, env, args: ["--spares", "0", "--allow-request-mcp", hosts] });
  const place = (server_label: string, server_url: string): Responses.Tool.Mcp => ({
    ...mcp,
    server_label,
    server_url,
  });
  const tools = [
    place("hanging", `http://127.0.0.1:${port}/hang`),
    place("missing", `http://127.0.0.1:${CLOSED_PORT}/mcp`),
    place("dying", `http://127.0.0.1:${dying}/mcp`),
    mcp,
  ];
  play(upstream, [{ tool: "mcp__dying__die", input: {} }], [use("stall")], [use("add", { a: 2, b: 3 })]);
  const { output, output_text: text } = await createOpenAi(proxy.url).responses.create({
    model: MODEL,
    input: "go",
    tools,
  });
  const lists = output.flatMap((item) => (item.type === "mcp_list_tools" ? [item] : []));
  assert.deepEqual(
    lists.map((item) => [item.server_label, item.tools.length]),
    [
      ["hanging", 0],
      ["missing", 0],
      ["dying", TOOLS.length],
      ["sums", TOOLS.length],
    ],
  );
  assert.match(String(lists[0]?.error), /timed out after 5000ms/);
  assert.match(String(lists[1]?.error), /ECONNREFUSED/);
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
  assert.match(JSON.stringify(calls[1]?.error), /timed out after 3s/);
  assert.equal(text, "finished");
});

test("a server is asked by https, and one whose certificate is not its own is told as such", async (t) => {
  const { path, variable } = makeCertificate(t);
  const secure = await startMcpServer(t, { MCP_TOKEN: TOKEN, MCP_TLS: variable });
  const upstream = await startUpstream(t);
  const args = ["--spares", "0", "--allow-request-mcp", `localhost:${secure},127.0.0.1:${secure}`];
  const proxy = await startProxy(t, { upstream, args, env: { NODE_EXTRA_CA_CERTS: path } });
  const other: Responses.Tool.Mcp = { ...mcp, server_label: "other", server_url: `https://127.0.0.1:${secure}/mcp` };
  const tools = [{ ...mcp, server_url: `https://localhost:${secure}/mcp` }, other];
  play(upstream, [use("add", { a: 2, b: 3 })]);
  const { output } = await createOpenAi(proxy.url).responses.create({ model: MODEL, input: "go", tools });
  const [list, failed, call] = output;
  assert.ok(list?.type === "mcp_list_tools" && list.tools.length === TOOLS.length && list.error === null);
  assert.ok(failed?.type === "mcp_list_tools" && failed.tools.length === 0);
  assert.match(String(failed.error), /CERT_ALTNAME_INVALID/);
  assert.ok(call?.type === "mcp_call" && call.output === "5");
});

test("a turn without servers is asked as if there were no MCP option at all", async (t) => {
  const config = writeMcpConfig(t, { local: toStdioServer() });
  const pairs = [await startPair(t), await startPair(t, ...ARGS, "--mcp-config", config)];
  const bodies: string[] = [];
  for (const { upstream, proxy } of pairs) {
    const system = { role: "system", content: "Be brief." };
    assert.equal((await proxy.chat({ model: MODEL, messages: [system, user("go")], tools: [tool("f")] })).status, 200);
    const { body } = upstream.calls.at(-1) ?? assert.fail();
    bodies.push(JSON.stringify({ ...body, metadata: undefined }).replaceAll(proxy.home, "HOME"));
  }
  assert.equal(bodies[1], bodies[0]);
});

test("hosts that are not allowed, and names that clash, are refused; without the option servers are ignored", async (t) => {
  const { proxy } = await startPair(t, ...ARGS);
  const ask = async (url: string, tools: readonly object[]) => {
    const body = JSON.stringify({ model: MODEL, input: "go", tools });
    const response = await fetch(`${url}/v1/responses`, {
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
    const { response, body } = await ask(proxy.url, tools);
    assert.deepEqual([response.status, body.error.param], [400, param]);
    assert.match(body.error.message, words);
  }
  const { proxy: closed, upstream } = await startPair(t);
  const { response } = await ask(closed.url, [mcp]);
  assert.deepEqual([response.status, response.headers.get("x-ignored-parameters")], [200, "tools[0]"]);
  assert.deepEqual(toNames(upstream), []);
});
