/** P80 to P91: the CLI's own tools, the user's MCP servers, and the login. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../../src/lib/json.ts";
import { lastCall, tool } from "../probe.ts";
import { toToolFields } from "../session.ts";
import type { Measurement, Probe } from "../probe.ts";

/** A stdio MCP server with one tool, `ping`. */
const SERVER = `
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const serverInfo = { name: "mine", version: "1" };
  if (method === "initialize")
    send({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo } });
  else if (method === "tools/list")
    send({ id, result: { tools: [{ name: "ping", description: "d", inputSchema: { type: "object" } }] } });
  else send({ id, result: { content: [{ type: "text", text: "pong" }] } });
});`;

function makeServer(probe: Probe): JsonObject {
  const file = join(probe.makeFolder(), "server.cjs");
  writeFileSync(file, SERVER);
  return { type: "stdio", command: process.execPath, args: [file], env: {} };
}

const allow = (...rules: readonly string[]): string[] => ["--allowedTools", rules.join(",")];
const toNames = (probe: Probe): string[] => (lastCall(probe).body.tools ?? []).map(({ name }) => name);

export const OWN: Readonly<Record<string, Measurement>> = {
  async P80(probe) {
    await (await probe.open()).turn("go");
    assert.deepEqual(toNames(probe), []);
    await (await probe.open({ launch: { tools: "web" } })).turn("go");
    assert.deepEqual(toNames(probe), ["WebFetch", "WebSearch"]);
  },
  async P81(probe) {
    probe.api.answer((_call, at) =>
      at === 0 ? [{ tool: "Bash", input: { command: "touch made-by-bash" } }] : [{ text: "ok" }],
    );
    const session = await probe.open({ args: ["--tools", "Bash"] });
    await session.turn("go");
    const denied = session.messages.find(({ subtype }) => subtype === "permission_denied");
    assert.equal(denied?.["tool_name"], "Bash");
    assert.match(JSON.stringify(lastCall(probe).body.messages.at(-1)), /"is_error":true/);
  },
  async P85(probe) {
    probe.api.answer((_call, at) => (at === 0 ? [{ tool: "mcp__mine__ping", input: {} }] : [{ text: "ok" }]));
    const session = await probe.open({ tools: [tool("f")], args: allow("mcp__client", "mcp__mine") });
    const missing = { type: "stdio", command: "/no/such/program", args: [] };
    const servers = { mine: makeServer(probe), missing, client: { type: "sdk", name: "client" } };
    const { errors } = await session.ask({ subtype: "mcp_set_servers", servers });
    assert.deepEqual(Object.keys(errors as JsonObject), ["missing"]);
    await session.turn("go");
    assert.deepEqual(toNames(probe), ["mcp__client__f", "mcp__mine__ping"]);
    assert.match(JSON.stringify(lastCall(probe).body.messages), /pong/);
    await session.ask({ subtype: "mcp_set_servers", servers: {} });
    await session.turn("again");
    assert.deepEqual(toNames(probe), []);
  },
  async P86(probe) {
    const session = probe.start({ args: ["--await-initialize", ...allow("mcp__mine")] });
    const mcpServers = { mine: makeServer(probe) };
    const answer = await session.ask({ subtype: "initialize", systemPrompt: [""], mcpServers });
    assert.equal(answer["mcp_servers_applied"], true);
    await session.turn("go");
    assert.deepEqual(toNames(probe), ["mcp__mine__ping"]);
  },
  async P87(probe) {
    for (const isAllowed of [true, false]) {
      probe.api.reset();
      probe.api.answer((_call, at) => (at === 0 ? [{ tool: "mcp__mine__ping", input: {} }] : [{ text: "ok" }]));
      const session = await probe.open({ args: isAllowed ? allow("mcp__mine") : [] });
      await session.ask({ subtype: "mcp_set_servers", servers: { mine: makeServer(probe) } });
      await session.turn("go");
      assert.deepEqual(toNames(probe), ["mcp__mine__ping"]);
      assert.equal(/pong/.test(JSON.stringify(lastCall(probe).body.messages)), isAllowed);
    }
  },
  async P95(probe) {
    const session = probe.start({ args: allow("mcp__mine", "mcp__client") });
    const servers = { mine: makeServer(probe), other: makeServer(probe) };
    const first = session.ask({ subtype: "mcp_set_servers", servers });
    const second = session.ask({ subtype: "mcp_set_servers", servers: { mine: servers.mine } });
    const opened = session.ask({ subtype: "initialize", systemPrompt: [""], ...toToolFields([tool("f")]) });
    await session.turn("go");
    assert.deepEqual(toNames(probe), ["mcp__client__f", "mcp__mine__ping"]);
    await Promise.all([first, opened]);
    assert.deepEqual(await second, { added: [], removed: ["other"], errors: {} });
  },
  async P96(probe) {
    for (const tools of ["web", "workspace", "full"] as const) {
      probe.api.reset();
      probe.api.answer((_call, at) => (at === 0 ? [{ tool: "mcp__mine__ping", input: {} }] : [{ text: "ok" }]));
      const session = probe.start({ launch: { tools } });
      const servers = { mine: makeServer(probe), other: makeServer(probe) };
      const permissions = { allow: ["mcp__mine", "mcp__other"], deny: ["mcp__other__ping"] };
      void session.ask({ subtype: "apply_flag_settings", settings: { permissions } });
      void session.ask({ subtype: "mcp_set_servers", servers });
      void session.ask({ subtype: "initialize", systemPrompt: [""] });
      void session.ask({ subtype: "apply_flag_settings", settings: { effortLevel: "low" } });
      await session.turn("go");
      assert.deepEqual(
        toNames(probe).filter((name) => name.startsWith("mcp__")),
        ["mcp__mine__ping"],
      );
      assert.match(JSON.stringify(lastCall(probe).body.messages), /pong/);
    }
  },
  async P91({ path, makeFolder }) {
    const home = makeFolder();
    const env = { PATH: process.env["PATH"], HOME: home, ANTHROPIC_API_KEY: "unused" };
    const status = JSON.parse(execFileSync(path, ["auth", "status"], { env, encoding: "utf8" })) as JsonObject;
    for (const key of ["loggedIn", "authMethod", "apiProvider"]) assert.ok(key in status, key);
    assert.match(execFileSync(path, ["--version"], { env, encoding: "utf8" }), /^\d+\.\d+\.\d+/);
  },
};
