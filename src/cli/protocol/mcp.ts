/** The control requests about MCP servers, and what the CLI answers to them. */
import { isOffered, maskSecrets } from "../../core/mcp.ts";
import type { McpServer, McpServerState } from "../../core/mcp.ts";
import { isObject, parseJson } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import { toServerToolName } from "./name.ts";

const SET = "mcp_set_servers";

/** A rule for a whole server, or for each of these tools of it, by the name that the model has for it. */
function toRules({ name }: McpServer, tools: readonly string[] | undefined): string[] {
  return tools ? tools.map((tool) => toServerToolName(name, tool)) : [`mcp__${name}`];
}

/** The request that allows the tools of these servers, and takes those out of the prompt that are denied (P96). */
function toPermissions(servers: readonly McpServer[], toDenied: (server: McpServer) => readonly string[]): JsonObject {
  const allow = servers.flatMap((server) => toRules(server, server.allowedTools));
  const deny = servers.flatMap((server) => toRules(server, toDenied(server)));
  return { subtype: "apply_flag_settings", settings: { permissions: { allow, deny } } };
}

/**
 * The requests that give a process these servers and no others (P85), and allow their tools (P96). The CLI takes what
 * follows only once each server is connected or has failed (P95). Sent before `initialize`, which adds the client's own
 * tools.
 */
export function toMcpRequests(servers: readonly McpServer[]): JsonObject[] {
  const configs = Object.fromEntries(servers.map(({ name, config }) => [name, config]));
  return [toPermissions(servers, ({ deniedTools = [] }) => deniedTools), { subtype: SET, servers: configs }];
}

/**
 * The request that takes every tool out of the prompt that is not among those its server allows by name: which others
 * there are is known once it is connected. Undefined where there are none.
 */
export function toNarrowing(servers: readonly McpServer[], status: JsonObject): JsonObject | undefined {
  const listed = toListed(status);
  const toDenied = (server: McpServer): string[] =>
    toToolNames(listed.find(({ name }) => name === server.name)).filter((tool) => !isOffered(server, tool));
  const isNarrowed = servers.some((server) => server.allowedTools && toDenied(server).length > 0);
  return isNarrowed ? toPermissions(servers, toDenied) : undefined;
}

/** The request for the state of all servers. */
export const MCP_STATUS: JsonObject = { subtype: "mcp_status" };

const STATUSES: readonly McpServerState["status"][] = ["connected", "failed", "pending", "needs-auth", "disabled"];

function toListed({ mcpServers }: JsonObject): JsonObject[] {
  return (Array.isArray(mcpServers) ? mcpServers : []).filter(isObject);
}

function toToolNames(state: JsonObject | undefined): string[] {
  const tools: readonly unknown[] = Array.isArray(state?.["tools"]) ? state["tools"] : [];
  return tools.flatMap((tool) => (isObject(tool) && typeof tool["name"] === "string" ? [tool["name"]] : []));
}

/**
 * The states of these servers in the answer to `mcp_status`, with the tools that are offered; its `config` fields,
 * which hold secrets, are left out.
 */
export function toMcpStates(status: JsonObject, servers: readonly McpServer[]): McpServerState[] {
  const listed = toListed(status);
  return servers.map((server) => {
    const found = listed.find(({ name }) => name === server.name) ?? {};
    const error = found["error"];
    return {
      name: server.name,
      status: STATUSES.find((known) => known === found["status"]) ?? "failed",
      tools: toToolNames(found).filter((tool) => isOffered(server, tool)),
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
