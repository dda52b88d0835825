/** The MCP servers as the doctor finds them: loaded into a CLI of its own, which asks no model. */
import { readMcpFiles } from "../../cli/install/mcpfile.ts";
import type { Command } from "../../cli/process/process.ts";
import type { Config } from "../../config/config.ts";
import type { McpServer } from "../../core/mcp.ts";
import type { ServersFact } from "./check.ts";
import { tryCli } from "./trial.ts";
import { toWords } from "./words.ts";

/** A server has `MCP_TIMEOUT` to connect, 30 s unless the user sets it. */
const PATIENCE_MS = 60_000;

/** The states of the servers of `--mcp-config`; none without any. */
export async function lookAtServers(command: Omit<Command, "args">, config: Config): Promise<ServersFact> {
  const servers = new Map<string, McpServer>();
  const files = new Map<string, string>();
  for (const file of config.mcpConfig) {
    try {
      for (const server of await readMcpFiles([file], config.environment)) {
        servers.set(server.name, server);
        files.set(server.name, file);
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { problem: error.message, file };
    }
  }
  if (servers.size === 0) return [];
  const { tools, settingSources } = config;
  const { states, failure } = await tryCli({
    command: { ...command, isParent: true },
    launch: { tools, servers: [...servers.values()] },
    settingSources,
    patienceMs: PATIENCE_MS,
  });
  if (!states && failure) return { problem: `the CLI did not load the MCP servers: ${toWords(failure)}` };
  return (states ?? []).map((state) => ({ ...state, file: files.get(state.name) ?? "" }));
}
