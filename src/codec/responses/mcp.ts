/** Output items of MCP servers: the tools of each that the request has named, and the calls that are made to them. */
import type { McpResult } from "../../core/event.ts";
import type { McpServerState } from "../../core/mcp.ts";
import { toResultText } from "../../core/round.ts";
import type { ItemEvent } from "./item.ts";
import type { McpCallItem, McpListItem, OutputItem } from "./wire.ts";

/** A call, as its event tells it. */
export interface McpCallHead {
  readonly id: string;
  readonly server: string;
  readonly name: string;
}

/** The item of one call, while its arguments and then its result come in. */
export interface McpCallWriter {
  readonly index: number;
  /** The events that open it. */
  open(): ItemEvent[];
  add(delta: string): ItemEvent;
  /** The event that ends its arguments. */
  endArguments(): ItemEvent;
  /** The events that close it; without a result it is incomplete, as the call is told again in the next answer. */
  finish(result: McpResult | undefined): ItemEvent[];
  toItem(result: McpResult | undefined): McpCallItem;
}

function toOutcome(result: McpResult | undefined): Pick<McpCallItem, "status" | "output" | "error"> {
  if (!result) return { status: "incomplete", output: null, error: null };
  const text = toResultText(result.content);
  if (!result.isError) return { status: "completed", output: text, error: null };
  const content = [{ type: "text", text }] as const;
  return { status: "failed", output: null, error: { type: "mcp_tool_execution_error", content } };
}

/** The item's id: the answer's, the item's place in it, and the API's own id of the call. */
const toMcpCallId = (callId: string, answerId: string, at: number): string => `mcp_${answerId}${at}_${callId}`;

/** Begin of such an id. The answer's id is hexadecimal, as no begin of the API's is; one from elsewhere has none. */
const MCP_CALL_PREFIX = /^mcp_(?:[0-9a-f]+_)?/;

/** The API's own id of the call that an item with this id is of. */
export const toMcpCallOf = (itemId: string): string => itemId.replace(MCP_CALL_PREFIX, "");

/** Makes the writer of the item at place `index`. */
export function createMcpCall(
  { id: callId, server, name }: McpCallHead,
  answerId: string,
  index: number,
): McpCallWriter {
  const id = toMcpCallId(callId, answerId, index);
  const where = { item_id: id, output_index: index };
  const pieces: string[] = [];
  const make = (outcome: Pick<McpCallItem, "status" | "output" | "error">): McpCallItem => ({
    id,
    type: "mcp_call",
    approval_request_id: null,
    arguments: pieces.join(""),
    name,
    server_label: server,
    ...outcome,
  });
  return {
    index,
    open() {
      const item = make({ status: "in_progress", output: null, error: null });
      const added = { type: "response.output_item.added", output_index: index, item };
      return [added, { type: "response.mcp_call.in_progress", ...where }];
    },
    add(delta) {
      pieces.push(delta);
      return { type: "response.mcp_call_arguments.delta", ...where, delta };
    },
    endArguments: () => ({ type: "response.mcp_call_arguments.done", ...where, arguments: pieces.join("") }),
    finish(result) {
      const outcome = toOutcome(result);
      const told = outcome.status === "incomplete" ? [] : [{ type: `response.mcp_call.${outcome.status}`, ...where }];
      return [...told, { type: "response.output_item.done", output_index: index, item: make(outcome) }];
    },
    toItem: (result) => make(toOutcome(result)),
  };
}

/**
 * The item that lists the tools of a server. Their schemas are empty: no message of the CLI's tells more than the names
 * (P99). One without tools, because the server cannot be reached, has the reason.
 */
export function toMcpList({ name, status, tools, error }: McpServerState, answerId: string, at: number): McpListItem {
  return {
    id: `mcpl_${answerId}${at}`,
    type: "mcp_list_tools",
    server_label: name,
    tools: tools.map((tool) => ({ name: tool, description: null, input_schema: {}, annotations: null })),
    error: status === "connected" ? null : (error ?? status),
  };
}

/** The events that tell of a list as a whole. */
export function toListEvents(item: McpListItem, output_index: number): ItemEvent[] {
  const where = { item_id: item.id, output_index };
  const open: OutputItem = { ...item, tools: [], error: null };
  const end = item.error === null ? "completed" : "failed";
  return [
    { type: "response.output_item.added", output_index, item: open },
    { type: "response.mcp_list_tools.in_progress", ...where },
    { type: `response.mcp_list_tools.${end}`, ...where },
    { type: "response.output_item.done", output_index, item },
  ];
}
