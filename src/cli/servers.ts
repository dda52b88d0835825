/** The MCP servers of one process: loaded before its first turn, and known by their states. */
import { isDeepStrictEqual } from "node:util";
import type { McpServer, McpServerState } from "../core/mcp.ts";

import type { Channel } from "./protocol/channel.ts";
import { MCP_STATUS, toMcpRequests, toMcpStates } from "./protocol/mcp.ts";

/** Listeners of the servers of one process. */
export interface ServersEvents {
  /** Told the states of all, once after each loading. */
  readonly onStates: (states: readonly McpServerState[]) => void;
  /** Told when the CLI refuses the request, or ends before it has answered. */
  readonly onFailure: (error: unknown) => void;
}

/** The servers of one process. */
export interface Servers {
  /**
   * Gives the process these servers and no others, unless it has them. Before its set-up only. It takes no line that is
   * written later before each server is connected or has failed (P95), so nothing has to wait for an answer.
   */
  load(servers: readonly McpServer[]): void;
}

/** Makes the servers of a process that has none. */
export function createServers({ request }: Channel, { onStates, onFailure }: ServersEvents): Servers {
  let loaded: readonly McpServer[] = [];
  return {
    load(servers) {
      if (isDeepStrictEqual(servers, loaded)) return;
      loaded = servers;
      const answers = Promise.all([...toMcpRequests(servers), MCP_STATUS].map(request));
      answers.then((responses) => onStates(toMcpStates(responses.at(-1) ?? {}, servers)), onFailure);
    },
  };
}
