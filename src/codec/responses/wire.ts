/** The Responses objects that are sent. Source: https://platform.openai.com/docs/api-reference/responses/object */
import type { JsonObject } from "../../lib/json.ts";

/** State of an output item. */
export type ItemStatus = "in_progress" | "completed" | "incomplete";
/** State of a response. */
export type ResponseStatus = ItemStatus | "failed";

/** Text of an answer. */
export interface OutputText {
  readonly type: "output_text";
  readonly text: string;
  readonly annotations: readonly [];
  readonly logprobs: readonly [];
}

/** Text of a summary of thinking. */
export interface SummaryText {
  readonly type: "summary_text";
  readonly text: string;
}

/** A call to an MCP server that the request has named. Source: `ResponseOutputItem.McpCall` of the package `openai`. */
export interface McpCallItem {
  readonly id: string;
  readonly type: "mcp_call";
  readonly status: ItemStatus | "failed";
  readonly approval_request_id: null;
  readonly arguments: string;
  readonly name: string;
  readonly server_label: string;
  readonly output: string | null;
  readonly error: {
    readonly type: "mcp_tool_execution_error";
    readonly content: readonly { readonly type: "text"; readonly text: string }[];
  } | null;
}

/** The tools of an MCP server that the request has named. */
export interface McpListItem {
  readonly id: string;
  readonly type: "mcp_list_tools";
  readonly server_label: string;
  readonly tools: readonly {
    readonly name: string;
    readonly description: null;
    readonly input_schema: JsonObject;
    readonly annotations: null;
  }[];
  readonly error: string | null;
}

/** An item of an answer. */
export type OutputItem = McpCallItem | McpListItem | TextItem;

/** An item whose text, or arguments, come as they are made. */
export type TextItem = { readonly id: string } & (
  | { readonly type: "reasoning"; readonly summary: readonly SummaryText[] }
  | {
      readonly type: "message";
      readonly status: ItemStatus;
      readonly role: "assistant";
      readonly content: readonly OutputText[];
    }
  | {
      readonly type: "function_call";
      readonly status: ItemStatus;
      readonly call_id: string;
      readonly name: string;
      readonly arguments: string;
    }
);

/** Token counts of a response. */
export interface ResponseUsage {
  readonly input_tokens: number;
  readonly input_tokens_details: { readonly cached_tokens: number; readonly cache_write_tokens: number };
  readonly output_tokens: number;
  /** 0 where the API does not tell. */
  readonly output_tokens_details: { readonly reasoning_tokens: number };
  readonly total_tokens: number;
}

/** The fields of its request that a response repeats. */
export interface RequestFields {
  readonly instructions: string | null;
  readonly max_output_tokens: number | null;
  readonly max_tool_calls: number | null;
  readonly metadata: JsonObject;
  readonly parallel_tool_calls: boolean;
  readonly frequency_penalty: number;
  readonly presence_penalty: number;
  readonly previous_response_id: string | null;
  readonly prompt_cache_key: string | null;
  readonly reasoning: { readonly effort: string | null; readonly summary: string | null };
  readonly safety_identifier: string | null;
  readonly store: boolean;
  readonly temperature: number;
  readonly text: JsonObject;
  readonly tool_choice: unknown;
  readonly tools: readonly JsonObject[];
  readonly top_p: number;
  readonly truncation: string;
  readonly user?: string;
}

/** A response, whole or under way. */
export interface ResponseObject extends RequestFields {
  readonly id: string;
  readonly object: "response";
  readonly created_at: number;
  /** Unix seconds; null while the response is not, or not wholly, there. */
  readonly completed_at: number | null;
  readonly status: ResponseStatus;
  readonly background: false;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly incomplete_details: { readonly reason: "max_output_tokens" | "content_filter" } | null;
  readonly model: string;
  readonly output: readonly OutputItem[];
  /** The tier that has answered; `default` where the API does not tell. */
  readonly service_tier: "default" | "priority";
  readonly top_logprobs: 0;
  readonly usage: ResponseUsage | null;
}

/** A page of the input a response was given. */
export interface ItemList {
  readonly object: "list";
  readonly data: readonly JsonObject[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}
