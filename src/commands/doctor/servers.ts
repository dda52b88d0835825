/** The MCP servers as the doctor finds them: loaded into a CLI of its own, which asks no model. */
import { readMcpFiles } from "../../cli/install/mcpfile.ts";
import { startConversation } from "../../cli/conversation.ts";
import type { Command } from "../../cli/process/process.ts";
import { toArgs } from "../../cli/request/launch.ts";
import type { Config } from "../../config/config.ts";
import type { McpServer, McpServerState } from "../../core/mcp.ts";
import type { ServersFact } from "./check.ts";
import { toWords } from "./words.ts";

/** A server has `MCP_TIMEOUT` to connect, 30 s unless the user sets it. */
const PATIENCE_MS = 60_000;

/** Loads servers as a process for a turn does. @returns their states, or the failure of the CLI. */
async function load(
  command: Omit<Command, "args">,
  { settingSources, tools }: Config,
  servers: readonly McpServer[],
): Promise<readonly McpServerState[] | Error> {
  let states: readonly McpServerState[] | undefined;
  const launch = { tools, servers };
  const conversation = startConversation({
    command: { ...command, args: toArgs(launch, settingSources), isParent: true },
    launch,
    activityMs: PATIENCE_MS,
    onCatalogue: () => {},
    onDenial: () => {},
    onLimits: () => {},
    onMcpCall: () => {},
    onMcpStates: (found) => void (states = found),
    onPlan: () => {},
  });
  const patience = setTimeout(() => void conversation.close(), PATIENCE_MS);
  // Answered after the servers: the CLI takes what is asked in order.
  const failure = await conversation.askModels();
  clearTimeout(patience);
  await conversation.close();
  return states ?? failure ?? [];
}

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
  const states = await load(command, config, [...servers.values()]);
  if (states instanceof Error) return { problem: `the CLI did not load the MCP servers: ${toWords(states)}` };
  return states.map((state) => ({ ...state, file: files.get(state.name) ?? "" }));
}
