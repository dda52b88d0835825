/** The user's MCP servers, of the official SDK: who may call them, what comes back, and where their secrets are not. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { isObject } from "../../src/lib/json.ts";
import { user } from "../helpers/answer.ts";
import { startMcpServer, toStdioServer, writeMcpConfig } from "../helpers/mcp.ts";
import { startPair } from "../helpers/pair.ts";
import { readProcesses } from "../helpers/processes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { startBotApi, TOKEN as BOT_TOKEN } from "../helpers/telegram.ts";
import { calling, result, tool } from "../helpers/tools.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { Step, Upstream } from "../helpers/upstream.ts";
import { readFiles } from "../helpers/folder.ts";

const file = { after };
const TOOLS = ["add", "die", "dot_name", "fail", "image", "stall", "token"];
/** Nothing listens there. */
const CLOSED_PORT = 9;
const ask = { model: "opus", messages: [user("go")] };

/** Has the model take these steps, one round after the other, and then end. */
function play(upstream: Upstream, ...rounds: readonly (readonly Step[])[]): void {
  upstream.answer((_call, at) => rounds[at] ?? [{ text: "finished" }]);
}

const use = (name: string, input: object = {}): Step => ({ tool: `mcp__${name}`, input });

/** All tool results that the API was given last, in order. */
function readResults({ calls }: Upstream): { readonly content: string; readonly isError: boolean }[] {
  const blocks = (calls.at(-1)?.body.messages ?? []).flatMap(({ content }) =>
    Array.isArray(content) ? (content as unknown[]) : [],
  );
  return blocks.flatMap((block) =>
    isObject(block) && block["type"] === "tool_result"
      ? [{ content: JSON.stringify(block["content"]), isError: block["is_error"] === true }]
      : [],
  );
}

const toNames = ({ calls }: Upstream): string[] => (calls.at(-1)?.body.tools ?? []).map(({ name }) => name);

/** The files below a folder that hold one of these texts. */
function findFiles(folder: string, texts: readonly string[]): string[] {
  const found = readFiles(folder).filter(({ content }) => texts.some((text) => content.includes(text)));
  return found.map(({ path }) => path);
}

/** The servers of the first test: the line of the log that tells each. */
const STATES = Object.entries({
  local: /debug mcp server connected server=local tools=7/,
  remote: /debug mcp server connected server=remote tools=7/,
  refused: /warn mcp server not connected server=refused .*401/,
  hanging: /warn mcp server not connected server=hanging .*timed out/,
  silent: /warn mcp server not connected server=silent .*timed out/,
  missing: /warn mcp server not connected server=missing status=failed .*ENOENT/,
  closed: /warn mcp server not connected server=closed .*ECONNREFUSED/,
});

/** Two servers were asked the same, one after the other. */
function checkResults(results: ReturnType<typeof readResults>, token: string, header: string): void {
  for (const [at, words] of [
    ...[/"5"/, /"9"/, new RegExp(`${token.length} characters`), new RegExp(`${header.length} characters`)],
    ...[/a pixel.*"media_type":"image\/png"/, /a pixel.*"media_type":"image\/png"/],
    ...[/it does not work/, /it does not work/, /timed out after 3s/, /timed out after 3s/],
    ...[/closed/i, /closed/i],
  ].entries())
    assert.match(results[at]?.content ?? "", words);
  assert.deepEqual(
    results.map(({ isError }) => isError),
    results.map((_, at) => at > 5),
  );
}

test("servers of both transports are called and told, failing ones cost their limit, no secret is seen", async (t) => {
  const bot = await startBotApi(t);
  const telegram = { TELEGRAM_NOTIFY_ID: "7", TELEGRAM_BOT_TOKEN: BOT_TOKEN, TELEGRAM_API_URL: `${bot.url}/` };
  const [token, header] = ["stdio-secret-4711-abcdef", "header-secret-0815-ghijkl"];
  const upstream = await startUpstream(t);
  const port = await startMcpServer(t, { MCP_TOKEN: header });
  const url = `http://127.0.0.1:${port}/mcp`;
  const config = writeMcpConfig(t, {
    local: toStdioServer({ MCP_TOKEN: token }),
    remote: { type: "http", url, headers: { Authorization: "Bearer ${REMOTE_TOKEN}" } },
    refused: { type: "http", url, headers: { Authorization: `Bearer ${token}` } },
    hanging: toStdioServer({ MCP_MODE: "hang", OTHER_TOKEN: token }),
    silent: { type: "http", url: `http://127.0.0.1:${port}/hang`, headers: { Authorization: `Bearer ${header}` } },
    missing: { command: "/no/such/program", args: [], env: { TOKEN: token } },
    closed: { type: "http", url: `http://127.0.0.1:${CLOSED_PORT}/mcp` },
  });
  const args = ["--tools", "web", "--mcp-config", config, "--spares", "1", "--log-level", "trace"];
  const proxy = await startProxy(t, {
    upstream,
    args,
    env: { ...telegram, REMOTE_TOKEN: header, MCP_TIMEOUT: "12000", MCP_TOOL_TIMEOUT: "3000" },
  });
  // The spare has loaded them before it is claimed.
  for (const [name, words] of STATES)
    assert.match(await proxy.logged(new RegExp(`mcp server .*server=${name}\\b`)), words);
  const health = (await (await fetch(`${proxy.url}/health`)).json()) as { mcp_servers: readonly object[] };
  assert.deepEqual(
    health.mcp_servers.map((server) => Object.values(server).slice(0, 2).join(" ")),
    STATES.map(([name], at) => `${name} ${at < 2 ? "connected" : "failed"}`),
  );
  assert.doesNotMatch(JSON.stringify(health), new RegExp(`${token}|${header}`));
  let commands = "";
  const rounds: Step[][] = [
    [use("local__add", { a: 2, b: 3 }), use("remote__add", { a: 4, b: 5 }), use("local__token"), use("remote__token")],
    ["image", "fail", "stall"].flatMap((name) => [use(`local__${name}`), use(`remote__${name}`)]),
    [
      use("local__die"),
      use("remote__die"),
      { until: bot.called(({ body: { text = "" } }) => /mcp__local__add/.test(text)) },
    ],
  ];
  upstream.answer((_call, at) => {
    commands += readProcesses()
      .map(({ command }) => command)
      .join("\n");
    return rounds[at] ?? [{ text: "finished" }];
  });
  const stream = { ...ask, stream: true, stream_options: { include_progress: true } };
  const response = await proxy.chat(stream);
  const body = await response.text();
  assert.match(body, /Running mcp__local__add/);
  assert.match(body, /finished/);
  assert.deepEqual(
    toNames(upstream).filter((name) => name.startsWith("mcp__remote")),
    TOOLS.map((name) => `mcp__remote__${name}`),
  );
  checkResults(readResults(upstream), token, header);
  await proxy.logged(/info mcp tool called tool=mcp__local__die/);
  const secrets = [token, header];
  assert.doesNotMatch(JSON.stringify(bot.calls), new RegExp(secrets.join("|")));
  assert.ok(commands.includes("mcp-server.mjs"), "the servers ran");
  for (const secret of secrets) {
    assert.ok(!commands.includes(secret), "ps");
    assert.ok(
      !proxy.log.some((line) => line.includes(secret)),
      `log: ${proxy.log.find((line) => line.includes(secret))}`,
    );
  }
  assert.deepEqual(findFiles(proxy.home, secrets), []);
});

const shared = writeMcpConfig(file, { local: toStdioServer(), other: toStdioServer() });
const SHARED = ["--tools", "web", "--mcp-config", shared] as const;
const LOCAL = TOOLS.map((name) => `mcp__local__${name}`);
const OTHER = LOCAL.map((name) => name.replace("local", "other"));

test("x-claude-mcp narrows the servers, the profile none has none; a conversation goes on in its process, and one with other servers does not", async (t) => {
  const { upstream, proxy } = await startPair(t, ...SHARED);
  play(upstream, [use("local__add", { a: 1, b: 1 })], [{ text: "two" }]);
  const namesUnder = async (headers: Record<string, string>, body: object = ask): Promise<string[]> => {
    assert.equal((await proxy.chat(body, { headers })).status, 200);
    return toNames(upstream);
  };
  const web = ["WebFetch", "WebSearch"];
  assert.deepEqual(await namesUnder({}), [...web, ...LOCAL, ...OTHER]);
  const next = { ...ask, messages: [user("go"), { role: "assistant", content: "two" }, user("and?")] };
  assert.deepEqual(await namesUnder({ "x-claude-mcp": "other, local" }, next), [...web, ...LOCAL, ...OTHER]);
  assert.equal(readResults(upstream).length, 1, "the process remembers the call");
  assert.deepEqual(await namesUnder({ "x-claude-mcp": "other" }, next), [...web, ...OTHER]);
  assert.equal(readResults(upstream).length, 0, "another process is told the history");
  assert.deepEqual(await namesUnder({ "x-claude-mcp": "none" }), web);
  assert.deepEqual(await namesUnder({ "x-claude-tools": "none" }), []);
  for (const [headers, status] of [
    [{ "x-claude-mcp": "strange" }, 400],
    [{ "x-claude-mcp": "local", "x-claude-tools": "none" }, 403],
  ] as const) {
    const response = await proxy.chat(ask, { headers });
    const { error } = (await response.json()) as { error: { param: string; message: string } };
    assert.deepEqual([response.status, error.param], [status, "x-claude-mcp"], error.message);
  }
});

test("the client's tools and a server's are callable in one round, and one named like a server's is a 400", async (t) => {
  const { upstream, proxy } = await startPair(t, ...SHARED);
  const tools = [tool("lookup")];
  play(upstream, [use("client__lookup", { q: "x" }), use("local__add", { a: 20, b: 3 })]);
  const headers = { "x-claude-mcp": "local" };
  const first = (await (await proxy.chat({ ...ask, tools }, { headers })).json()) as {
    choices: [{ message: { tool_calls: [{ id: string; function: { name: string } }] }; finish_reason: string }];
  };
  const [{ message, finish_reason: finish }] = first.choices;
  assert.deepEqual([finish, message.tool_calls.map(({ function: { name } }) => name)], ["tool_calls", ["lookup"]]);
  assert.deepEqual(toNames(upstream), ["mcp__client__lookup", ...LOCAL], "the CLI's own are off");
  const [{ id }] = message.tool_calls;
  const messages = [user("go"), calling([id, "lookup", { q: "x" }]), result(id, "found")];
  assert.equal((await proxy.chat({ ...ask, tools, messages }, { headers })).status, 200);
  const results = readResults(upstream).map(({ content }) => content);
  assert.deepEqual([results.length, results.some((text) => text.includes('"23"'))], [2, true]);
  const clash = await proxy.chat({ ...ask, tools: [tool("mcp__local__add")] });
  const { error } = (await clash.json()) as { error: { param: string; message: string } };
  assert.deepEqual([clash.status, error.param], [400, "tools"], error.message);
});
