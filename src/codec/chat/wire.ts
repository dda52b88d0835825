/** The Chat Completions objects that are sent. Source: https://platform.openai.com/docs/api-reference/chat/object */
import type { OpenAiUsage } from "../openai/usage.ts";

/** Reasons for the end of an answer. */
export type ChatFinishReason = "stop" | "length" | "content_filter" | "tool_calls" | "function_call";

/** A whole tool call; `arguments` is JSON text. */
export interface ChatToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** The message of a whole answer. */
export interface ChatMessage {
  readonly role: "assistant";
  readonly content: string | null;
  readonly refusal: null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly ChatToolCall[];
  readonly function_call?: ChatToolCall["function"];
}

/** A whole answer. */
export interface ChatCompletion {
  readonly id: string;
  readonly object: "chat.completion";
  readonly created: number;
  readonly model: string;
  readonly choices: readonly [
    {
      readonly index: 0;
      readonly message: ChatMessage;
      readonly logprobs: null;
      readonly finish_reason: ChatFinishReason;
    },
  ];
  /** The tier that has answered, where the API tells. */
  readonly service_tier?: "default" | "priority";
  readonly usage: OpenAiUsage;
}

/** A piece of a call: id and name come first, then arguments. */
export type ChatCallDelta = { readonly index: number } & Partial<Omit<ChatToolCall, "function">> & {
    readonly function: Partial<ChatToolCall["function"]>;
  };

/** One step of a streamed answer. */
export interface ChatDelta {
  readonly role?: "assistant";
  readonly content?: string;
  readonly refusal?: null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly [ChatCallDelta];
  readonly function_call?: Partial<ChatToolCall["function"]>;
}

/** One event of a streamed answer. */
export interface ChatChunk {
  readonly id: string;
  readonly object: "chat.completion.chunk";
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: 0;
    readonly delta: ChatDelta;
    readonly logprobs: null;
    readonly finish_reason: ChatFinishReason | null;
  }[];
  /** In the last chunks alone. */
  readonly service_tier?: "default" | "priority";
  readonly usage?: OpenAiUsage | null;
}
