/** The latest states of the owner's MCP servers, as the processes that loaded them have found them. */
import type { McpServer, McpServerState } from "../../core/mcp.ts";
import type { Log } from "../../lib/log.ts";

/** A server that no process has loaded yet is `unknown`. */
export type KnownMcpState = Omit<McpServerState, "status"> & {
  readonly status: McpServerState["status"] | "unknown";
};

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
    servers.map(({ name }) => [name, { name, status: "unknown", tools: [], error: undefined }]),
  );
  return {
    record(states) {
      for (const state of states) {
        const { name, status, error } = state;
        const last = known.get(name);
        const isNews = last?.status !== status || last.error !== error;
        if (last) known.set(name, state);
        if (isNews && status === "connected")
          log.debug("mcp server connected", { server: name, tools: state.tools.length });
        else if (isNews) log.warn("mcp server not connected", { server: name, status, cause: error ?? "none told" });
      }
    },
    read: () => [...known.values()],
  };
}
