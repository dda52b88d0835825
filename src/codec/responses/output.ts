/**
 * The output of a response while it comes in: items follow one another, and one is closed before the next opens. Calls
 * to MCP servers alone stay open, beside what follows, until their results are there.
 */
import type { McpResult } from "../../core/event.ts";
import type { McpServerState } from "../../core/mcp.ts";
import { createItem } from "./item.ts";
import type { ItemEvent, ItemKind, ItemWriter } from "./item.ts";
import { createMcpCall, toListEvents, toMcpList } from "./mcp.ts";
import type { McpCallHead, McpCallWriter } from "./mcp.ts";
import type { ItemStatus, OutputItem } from "./wire.ts";

/** The output items of one answer, while they come in. */
export interface OutputWriter {
  /** The items that are closed, in their order. */
  readonly items: readonly OutputItem[];
  /** Opens an item, and closes the one before it. */
  begin(kind: ItemKind): ItemEvent[];
  /** Adds to the open item, if it is of this type. */
  add(type: ItemKind["type"], delta: string): ItemEvent[];
  /** Adds to the open item of this type, or to a new one; nothing where there is no text. */
  addText(type: "message" | "reasoning", delta: string): ItemEvent[];
  /** Lists the tools of MCP servers, an item each. */
  list(servers: readonly McpServerState[]): ItemEvent[];
  /** Opens the item of a call to an MCP server. */
  beginMcpCall(call: McpCallHead): ItemEvent[];
  /** Adds to the arguments of such a call, if its item is the one that was opened last. */
  addMcpArguments(delta: string): ItemEvent[];
  /** Closes the item of the call that has this result. */
  closeMcpCall(result: McpResult): ItemEvent[];
  /** Closes the open item, if there is one, and the calls that still lack their results. */
  end(status: ItemStatus): ItemEvent[];
}

/** The item that was opened last, unless it is closed. */
type Open =
  | { readonly type: ItemKind["type"]; readonly writer: ItemWriter }
  | { readonly type: "mcp_call"; readonly writer: McpCallWriter };

/** Makes an empty output; `answerId` is the part of the items' ids that they share. */
export function createOutput(answerId: string): OutputWriter {
  /** By place; undefined while the item is open. */
  const slots: (OutputItem | undefined)[] = [];
  /** Calls to MCP servers without a result, by id. */
  const waiting = new Map<string, McpCallWriter>();
  let open: Open | undefined;
  let openAt = -1;

  function close(status: ItemStatus): ItemEvent[] {
    if (!open) return [];
    const closing = open;
    open = undefined;
    if (closing.type === "mcp_call") return [closing.writer.endArguments()];
    slots[openAt] = closing.writer.toItem(status);
    return closing.writer.close(status);
  }

  function openNext(next: (at: number) => Open): ItemEvent[] {
    const closed = close("completed");
    openAt = slots.push(undefined) - 1;
    open = next(openAt);
    return [...closed, ...open.writer.open()];
  }

  const begin = (kind: ItemKind): ItemEvent[] =>
    openNext((at) => ({ type: kind.type, writer: createItem(kind, answerId, at) }));

  const add = (type: Open["type"], delta: string): ItemEvent[] => (open?.type === type ? [open.writer.add(delta)] : []);

  function finish(call: McpCallWriter, result: McpResult | undefined): ItemEvent[] {
    slots[call.index] = call.toItem(result);
    return call.finish(result);
  }

  return {
    get items() {
      return slots.filter((item) => item !== undefined);
    },
    begin,
    add,
    addText(type, delta) {
      if (delta === "") return [];
      return [...(open?.type === type ? [] : begin({ type })), ...add(type, delta)];
    },
    list: (servers) =>
      servers.flatMap((server) => {
        const item = toMcpList(server, answerId, slots.length);
        return toListEvents(item, slots.push(item) - 1);
      }),
    beginMcpCall(call) {
      return openNext((at) => {
        const writer = createMcpCall(call, answerId, at);
        waiting.set(call.id, writer);
        return { type: "mcp_call", writer };
      });
    },
    addMcpArguments: (delta) => add("mcp_call", delta),
    closeMcpCall(result) {
      const closed = close("completed");
      const call = waiting.get(result.id);
      waiting.delete(result.id);
      return call ? [...closed, ...finish(call, result)] : closed;
    },
    end: (status) => [...close(status), ...[...waiting.values()].flatMap((call) => finish(call, undefined))],
  };
}
