/** The MCP servers as the doctor finds them: loaded into a CLI of its own, which asks no model. */
import { readMcpFiles } from "../../cli/install/mcpfile.ts";
import { startConversation } from "../../cli/conversation.ts";
import type { Command } from "../../cli/process/process.ts";
import { toArgs } from "../../cli/request/launch.ts";
import type { Config } from "../../config/config.ts";
import type { McpServerState } from "../../core/mcp.ts";
import type { ServersFact } from "./check.ts";

/** A server has `MCP_TIMEOUT` to connect, 30 s unless the user sets it. */
const PATIENCE_MS = 60_000;

/** Loads the servers of `--mcp-config` as a process for a turn does; none without any. */
export async function lookAtServers(command: Omit<Command, "args">, config: Config): Promise<ServersFact> {
  const { mcpConfig, environment, settingSources, tools } = config;
  let states: readonly McpServerState[] | undefined;
  try {
    const servers = await readMcpFiles(mcpConfig, environment);
    if (servers.length === 0) return [];
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
    try {
      // Answered after the servers: the CLI takes what is asked in order.
      await conversation.askModels();
    } finally {
      clearTimeout(patience);
      await conversation.close();
    }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "the MCP servers cannot be read" };
  }
  return states ?? { problem: "the CLI ended before it had loaded the MCP servers" };
}
