/** Tool names as the CLI and the model know them: the client's own (P40), and the tool for structured output (P48). */
import type { McpServerState } from "../../core/mcp.ts";

/** The MCP server that the client's tools are served under. */
export const TOOL_SERVER = "client";

/** The name under which all tools of the client are allowed. */
export const TOOL_SERVER_NAME = `mcp__${TOOL_SERVER}`;

/** The CLI's tool whose input is a structured output. */
export const STRUCTURED_TOOL = "StructuredOutput";

const PREFIX = `${TOOL_SERVER_NAME}__`;

/** A client's tool as the model sees it. */
export function toModelName(clientName: string): string {
  return PREFIX + clientName;
}

/** A tool as the client named it; undefined for one that is not the client's. */
export function toClientName(modelName: string): string | undefined {
  return modelName.startsWith(PREFIX) ? modelName.slice(PREFIX.length) : undefined;
}

const LONGEST_NAME = 128;

/** A tool of an MCP server as the model sees it: what the API refuses in a name becomes `_` (P100). */
export function toServerToolName(server: string, tool: string): string {
  return `mcp__${server}__${tool}`.replace(/[^\w-]/g, "_").slice(0, LONGEST_NAME);
}

/** A tool of an MCP server. */
export interface ServerTool {
  readonly server: string;
  /** The server's own name for it, as far as that is known. */
  readonly name: string;
}

/**
 * A tool of an MCP server as it is named there; undefined for any other tool. One that is not among the tools of
 * `servers` has the name that the model has for it.
 */
export function toServerTool(modelName: string, servers: readonly McpServerState[]): ServerTool | undefined {
  const [, server, name] = /^mcp__(.+?)__(.+)$/.exec(modelName) ?? [];
  if (server === undefined || name === undefined) return undefined;
  const tools = servers.find((state) => state.name === server)?.tools;
  return { server, name: tools?.find((tool) => toServerToolName(server, tool) === modelName) ?? name };
}

/** True for a tool of an MCP server that the CLI has, and not of the client's. */
export function isMcpTool(modelName: string): boolean {
  return modelName.startsWith("mcp__") && isOwnTool(modelName);
}

/** True for a tool that the CLI runs by itself, and neither the client nor the structured output stands for. */
export function isOwnTool(modelName: string): boolean {
  return modelName !== STRUCTURED_TOOL && !modelName.startsWith(PREFIX);
}
