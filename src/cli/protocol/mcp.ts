/** The control requests about MCP servers, and what the CLI answers to them. */
import { maskSecrets, toMcpPrefix } from "../../core/mcp.ts";
import type { McpServer, McpServerState } from "../../core/mcp.ts";
import { isObject, parseJson } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";

const SET = "mcp_set_servers";

/** A rule for a whole server, or for each of these tools of it. */
function toRules({ name }: McpServer, tools: readonly string[] | undefined): string[] {
  return tools ? tools.map((tool) => toMcpPrefix(name) + tool) : [`mcp__${name}`];
}

/**
 * The requests that give a process these servers and no others (P85), and allow their tools (P96). The CLI takes what
 * follows only once each server is connected or has failed (P95). Sent before `initialize`, which adds the client's own
 * tools.
 */
export function toMcpRequests(servers: readonly McpServer[]): JsonObject[] {
  const allow = servers.flatMap((server) => toRules(server, server.allowedTools));
  const deny = servers.flatMap((server) => (server.deniedTools ? toRules(server, server.deniedTools) : []));
  const configs = Object.fromEntries(servers.map(({ name, config }) => [name, config]));
  return [
    { subtype: "apply_flag_settings", settings: { permissions: { allow, deny } } },
    { subtype: SET, servers: configs },
  ];
}

/** The request for the state of all servers. */
export const MCP_STATUS: JsonObject = { subtype: "mcp_status" };

const STATUSES: readonly McpServerState["status"][] = ["connected", "failed", "pending", "needs-auth", "disabled"];

/** The states of these servers in the answer to `mcp_status`; its `config` fields, which hold secrets, are left out. */
export function toMcpStates({ mcpServers }: JsonObject, servers: readonly McpServer[]): McpServerState[] {
  const listed = (Array.isArray(mcpServers) ? mcpServers : []).filter(isObject);
  return servers.map((server) => {
    const found = listed.find(({ name }) => name === server.name) ?? {};
    const tools: readonly unknown[] = Array.isArray(found["tools"]) ? found["tools"] : [];
    const error = found["error"];
    return {
      name: server.name,
      status: STATUSES.find((known) => known === found["status"]) ?? "failed",
      tools: tools.flatMap((tool) => (isObject(tool) && typeof tool["name"] === "string" ? [tool["name"]] : [])),
      error: typeof error === "string" ? maskSecrets(error, [server]) : undefined,
    };
  });
}

/** A line as a trace may show it: the configurations of servers, which the CLI repeats, are left out. */
export function toTraceLine(line: string): string {
  if (!line.includes(SET) && !line.includes('"mcpServers"')) return line;
  const message = parseJson(line);
  const hide = (key: string, held: unknown): unknown =>
    key === "config" || key === "servers" || key === "mcpServers" ? "…" : held;
  return isObject(message) && message["type"] !== "stream_event" ? JSON.stringify(message, hide) : line;
}
