/** The MCP servers of the server's owner, read at the start. */
import { readMcpFiles } from "../cli/install/mcpfile.ts";
import { createMcpStates } from "../cli/install/mcpstate.ts";
import type { McpStates } from "../cli/install/mcpstate.ts";
import type { Config } from "../config/config.ts";
import type { McpServer } from "../core/mcp.ts";
import type { Log } from "../lib/log.ts";

/** The servers, and their states as processes find them. */
export interface Servers {
  readonly servers: readonly McpServer[];
  readonly states: McpStates;
}

/** Reads the files of `--mcp-config`. @throws Error, one sentence that names the file. */
export async function readServers({ mcpConfig, environment }: Config, log: Log): Promise<Servers> {
  const servers = await readMcpFiles(mcpConfig, environment);
  return { servers, states: createMcpStates(servers, log) };
}
