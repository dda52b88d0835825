/** The Messages objects that are sent. Source: https://docs.claude.com/en/api/messages */
import type { JsonObject } from "../../lib/json.ts";

/** Reasons for the end of an answer. */
export type StopReason =
  | "end_turn"
  | "max_tokens"
  | "stop_sequence"
  | "tool_use"
  | "refusal"
  | "model_context_window_exceeded";

/** The end of an answer. */
export interface StopFields {
  readonly stop_reason: StopReason;
  readonly stop_sequence: string | null;
}

/** A block of an answer. */
export type ContentBlock =
  | { readonly type: "thinking"; readonly thinking: string; readonly signature: string }
  | { readonly type: "redacted_thinking"; readonly data: string }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: JsonObject }
  | {
      readonly type: "mcp_tool_use";
      readonly id: string;
      readonly name: string;
      readonly server_name: string;
      readonly input: JsonObject;
    }
  | {
      readonly type: "mcp_tool_result";
      readonly tool_use_id: string;
      readonly is_error: boolean;
      readonly content: readonly { readonly type: "text"; readonly text: string }[];
    };

/** Token counts of an answer. */
export interface MessageUsage {
  readonly input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly output_tokens: number;
  /** Absent where the API does not tell. */
  readonly output_tokens_details?: { readonly thinking_tokens: number };
  /** The tokens written to the cache, by the time that they are kept; absent where the API does not tell. */
  readonly cache_creation?: { readonly ephemeral_5m_input_tokens: number; readonly ephemeral_1h_input_tokens: number };
  readonly service_tier?: string;
  readonly speed?: string;
}

/** A whole answer, or the empty one that begins a stream. */
export interface MessageObject {
  readonly id: string;
  readonly type: "message";
  readonly role: "assistant";
  readonly model: string;
  readonly content: readonly ContentBlock[];
  readonly stop_reason: StopReason | null;
  readonly stop_sequence: string | null;
  readonly usage: MessageUsage;
}

/** One step of a block. */
export type BlockDelta =
  | { readonly type: "thinking_delta"; readonly thinking: string }
  | { readonly type: "signature_delta"; readonly signature: string }
  | { readonly type: "text_delta"; readonly text: string }
  | { readonly type: "input_json_delta"; readonly partial_json: string };

/** One event of a streamed answer. */
export type MessageEvent =
  | { readonly type: "message_start"; readonly message: MessageObject }
  | { readonly type: "ping" }
  | { readonly type: "content_block_start"; readonly index: number; readonly content_block: ContentBlock }
  | { readonly type: "content_block_delta"; readonly index: number; readonly delta: BlockDelta }
  | { readonly type: "content_block_stop"; readonly index: number }
  | {
      readonly type: "message_delta";
      readonly delta: StopFields;
      readonly usage: MessageUsage;
    }
  | { readonly type: "message_stop" }
  | ErrorEnvelope;

/** A failure. Source: https://docs.claude.com/en/api/errors */
export interface ErrorEnvelope {
  readonly type: "error";
  readonly error: { readonly type: string; readonly message: string; readonly details?: object };
}
