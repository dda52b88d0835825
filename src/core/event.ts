/** Events of an answer, in no protocol's words. Streaming writes them, non-streaming folds them. */
import type { McpServerState } from "./mcp.ts";
import type { ToolResult } from "./turn.ts";

/** The reason for which an answer ended. */
export type FinishReason = "stop" | "length" | "content_filter" | "tool_calls";

/** Tokens of one answer, over all API calls it took. */
export interface Usage {
  readonly input: number;
  readonly cacheCreation: number;
  readonly cacheRead: number;
  readonly output: number;
  /** Those of the output that were thinking; absent where the API does not tell. */
  readonly thinking?: number;
  /** Those that were written to the cache, by the time that they are kept; absent where the API does not tell. */
  readonly cacheWrites?: CacheWrites;
  /** The tier and the speed of the last API call, in the API's words; absent where it does not tell. */
  readonly serviceTier?: string;
  readonly speed?: string;
}

/** Tokens that went in, as far as they are known before the answer. */
export type InputUsage = Pick<Usage, "input" | "cacheCreation" | "cacheRead">;

/** Tokens written to the cache. */
export interface CacheWrites {
  readonly fiveMinutes: number;
  readonly oneHour: number;
}

/**
 * One event of an answer, as a client is told it. Order: `start` once; then text, thinking, progress, `call` and its
 * `arguments` as they come; then exactly one `done`. `index` counts the calls of the answer from 0; arguments are
 * pieces of one JSON text. `signature` ends a block of thinking, whose text may be empty; `redacted` is a whole block
 * of it. `progress` tells of a tool of the CLI's own that begins to run; `summary` is short and safe to show, or empty.
 * The `usage` of `start` is the input of the first API call alone, and absent where that is not known yet.
 *
 * Where a request names MCP servers: `mcp_servers` once after `start`; each `mcp_call` with its `mcp_arguments` as they
 * come, pieces of one JSON text; and at any later time its `mcp_result`, unless the answer ends before it is there.
 * Such a call comes again, whole, in the next answer.
 */
export type AnswerEvent =
  | { readonly type: "start"; readonly model: string; readonly usage?: InputUsage }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "thinking"; readonly text: string }
  | { readonly type: "signature"; readonly signature: string }
  | { readonly type: "redacted"; readonly data: string }
  | { readonly type: "call"; readonly index: number; readonly id: string; readonly name: string }
  | { readonly type: "arguments"; readonly index: number; readonly json: string }
  | { readonly type: "progress"; readonly tool: string; readonly summary: string }
  | { readonly type: "mcp_servers"; readonly servers: readonly McpServerState[] }
  | { readonly type: "mcp_call"; readonly id: string; readonly server: string; readonly name: string }
  | { readonly type: "mcp_arguments"; readonly id: string; readonly json: string }
  | McpResult
  | DoneEvent;

/** The end of an answer. */
export interface DoneEvent {
  readonly type: "done";
  readonly finish: FinishReason;
  readonly stopSequence?: string;
  /** With `length`: it is the model's context window that is full. */
  readonly isWindowFull?: true;
  readonly usage: Usage;
}

/** The result of a call to an MCP server; `id` is the call's. */
export type McpResult = { readonly type: "mcp_result" } & Pick<ToolResult, "id" | "content" | "isError">;

/**
 * One event of a turn: those of the answer in their order; a failure is a throw. `retract` voids all text, thinking and
 * calls so far: the model begins anew, and what a client has been shown is wrong.
 */
export type TurnEvent = AnswerEvent | { readonly type: "retract" };

/** Events in order, as many at a time as one read brought: a burst costs one step, not one a delta. */
export type EventStream = AsyncGenerator<readonly TurnEvent[], void, undefined>;

/** Usage of an answer that has cost nothing. */
export const NO_USAGE: Usage = { input: 0, cacheCreation: 0, cacheRead: 0, output: 0 };

/** All tokens that went in, cached or not. */
export function toPromptTokens(usage: Usage): number {
  return usage.input + usage.cacheCreation + usage.cacheRead;
}
