/** The MCP servers of one process: loaded before its first turn, and known by their states. */
import { isDeepStrictEqual } from "node:util";
import { toRequestedNames } from "../core/mcp.ts";
import type { McpServer, McpServerState } from "../core/mcp.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Channel } from "./protocol/channel.ts";
import { MCP_STATUS, toMcpRequests, toMcpStates, toNarrowing } from "./protocol/mcp.ts";

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
   * written later before each server is connected or has failed (P95), so nothing has to wait for an answer, narrowed
   * servers apart.
   */
  load(servers: readonly McpServer[]): void;
  /**
   * Calls `write` at once, or, where the tools of a server are narrowed by name, once the others are known and have
   * been denied: that goes before the set-up (P99).
   */
  afterwards(write: () => void): void;
  /** The states of those that the request has named; known before the first event of a turn. */
  readonly requested: readonly McpServerState[];
}

/** Makes the servers of a process that has none. */
export function createServers({ request }: Channel, { onStates, onFailure }: ServersEvents): Servers {
  let loaded: readonly McpServer[] = [];
  let states: readonly McpServerState[] = [];
  /** Set while servers are being narrowed: what is to be written afterwards. */
  let waiting: (() => void)[] | undefined;

  function onStatus(status: JsonObject, servers: readonly McpServer[]): void {
    states = toMcpStates(status, servers);
    onStates(states);
  }

  async function narrow(servers: readonly McpServer[], loading: Promise<readonly JsonObject[]>): Promise<void> {
    const status = (await loading).at(-1) ?? {};
    const narrowing = toNarrowing(servers, status);
    const narrowed = narrowing && request(narrowing);
    onStatus(status, servers);
    const writes = waiting ?? [];
    waiting = undefined;
    for (const write of writes) write();
    await narrowed;
  }

  return {
    load(servers) {
      if (isDeepStrictEqual(servers, loaded)) return;
      loaded = servers;
      const loading = Promise.all([...toMcpRequests(servers), MCP_STATUS].map(request));
      if (servers.some(({ allowedTools }) => allowedTools)) {
        waiting = [];
        narrow(servers, loading).catch(onFailure);
      } else loading.then((responses) => onStatus(responses.at(-1) ?? {}, servers), onFailure);
    },
    afterwards(write) {
      if (waiting) waiting.push(write);
      else write();
    },
    get requested() {
      const names = toRequestedNames(loaded);
      return states.filter(({ name }) => names.has(name));
    },
  };
}
