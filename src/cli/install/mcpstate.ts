/** The latest states of the owner's MCP servers, as the processes that loaded them have found them. */
import type { McpServer, McpServerState } from "../../core/mcp.ts";
import type { Log } from "../../lib/log.ts";

/** A server's latest state; one that no process has loaded yet is `unknown`. */
export interface KnownMcpState {
  readonly name: string;
  readonly status: McpServerState["status"] | "unknown";
  /** Names of its tools. */
  readonly tools: readonly string[];
  /** The CLI's words for a failure, without secrets. */
  readonly error: string | null;
}

/** The memory. */
export interface McpStates {
  /** Takes the states of what a process has loaded; those of other servers are of no interest. */
  record(states: readonly McpServerState[]): void;
  /** One for each of the owner's servers, in their order. */
  read(): readonly KnownMcpState[];
}

/** Makes the memory of these servers. A server that fails is warned of, once until it fails differently. */
export function createMcpStates(servers: readonly McpServer[], log: Log): McpStates {
  const known = new Map<string, KnownMcpState>(
    servers.map(({ name }) => [name, { name, status: "unknown", tools: [], error: null }]),
  );
  return {
    record(states) {
      for (const state of states) {
        const { name, status, tools, error = null } = state;
        const last = known.get(name);
        // A server that a request has named: its client is told.
        if (!last) continue;
        const isNews = last.status !== status || last.error !== error;
        known.set(name, { name, status, tools, error });
        if (isNews && status === "connected") log.debug("mcp server connected", { server: name, tools: tools.length });
        else if (isNews) log.warn("mcp server not connected", { server: name, status, cause: error ?? "none told" });
      }
    },
    read: () => [...known.values()],
  };
}
