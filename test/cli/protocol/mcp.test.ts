/** The control requests about MCP servers: rules, states, and lines without secrets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toMcpRequests, toMcpStates, toNarrowing, toTraceLine } from "../../../src/cli/protocol/mcp.ts";

const SERVERS = [
  { name: "a", config: { type: "http", url: "https://a.test", headers: { Authorization: "Bearer secret-a" } } },
  { name: "b", config: { command: "b" }, allowedTools: ["x", "y"], deniedTools: ["z"] },
];

test("a server is allowed as a whole or by its tools, and named in the set", () => {
  assert.deepEqual(toMcpRequests(SERVERS), [
    {
      subtype: "apply_flag_settings",
      settings: { permissions: { allow: ["mcp__a", "mcp__b__x", "mcp__b__y"], deny: ["mcp__b__z"] } },
    },
    { subtype: "mcp_set_servers", servers: { a: SERVERS[0]?.config, b: { command: "b" } } },
  ]);
});

test("rules have the names that the model sees, or a denied tool would be called", () => {
  const servers = [{ name: "a", config: {}, allowedTools: ["get.one"], deniedTools: ["drop.all"] }];
  const permissions = { allow: ["mcp__a__get_one"], deny: ["mcp__a__drop_all"] };
  assert.deepEqual(toMcpRequests(servers)[0]?.["settings"], { permissions });
  const tools = ["get.one", "drop.all", "ü"].map((name) => ({ name }));
  const narrowing = toNarrowing(servers, { mcpServers: [{ name: "a", status: "connected", tools }] });
  assert.deepEqual(narrowing?.["settings"], {
    permissions: { ...permissions, deny: ["mcp__a__drop_all", "mcp__a___"] },
  });
});

test("states tell tools and errors, and nothing of the configuration", () => {
  const answer = {
    mcpServers: [
      { name: "a", status: "failed", error: "401 for secret-a", config: SERVERS[0]?.config },
      { name: "client", status: "connected", tools: [{ name: "f" }] },
      {
        name: "b",
        status: "connected",
        tools: [{ name: "x", annotations: {} }, { name: "y" }, { name: "w" }],
        config: { command: "b" },
      },
    ],
  };
  assert.deepEqual(toMcpStates(answer, SERVERS), [
    { name: "a", status: "failed", tools: [], error: "401 for …" },
    { name: "b", status: "connected", tools: ["x", "y"], error: undefined },
  ]);
  assert.deepEqual(
    toMcpStates({}, SERVERS).map(({ status }) => status),
    ["failed", "failed"],
  );
});

test("tools that are not allowed by name are denied once they are known", () => {
  const list = (...tools: string[]) => ({
    mcpServers: [{ name: "b", status: "connected", tools: tools.map((name) => ({ name })) }],
  });
  assert.deepEqual(toNarrowing(SERVERS, list("w", "x", "y", "z")), {
    subtype: "apply_flag_settings",
    settings: { permissions: { allow: ["mcp__a", "mcp__b__x", "mcp__b__y"], deny: ["mcp__b__w", "mcp__b__z"] } },
  });
  assert.equal(toNarrowing(SERVERS, list("x", "y")), undefined);
  assert.equal(toNarrowing(SERVERS, {}), undefined);
});

test("a trace shows neither the request nor the answer with configurations, and any other line as it is", () => {
  const request = { type: "control_request", request_id: "r1", request: toMcpRequests(SERVERS)[1] };
  const answer = { type: "control_response", response: { response: { mcpServers: [{ config: SERVERS[0]?.config }] } } };
  for (const message of [request, answer]) {
    const line = toTraceLine(JSON.stringify(message));
    assert.doesNotMatch(line, /secret-a/);
    assert.ok(line.includes(message.type));
  }
  const said = JSON.stringify({ type: "stream_event", event: { text: 'mcp_set_servers "mcpServers"' } });
  assert.equal(toTraceLine(said), said);
});
