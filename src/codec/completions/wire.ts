/** The completion objects that are sent. Source: https://platform.openai.com/docs/api-reference/completions/object */
import type { OpenAiUsage } from "../openai/usage.ts";

/** Reasons for the end of a completion. */
export type CompletionFinishReason = "stop" | "length" | "content_filter";

/** A whole completion, or a chunk of one: the protocol has one object for both. */
export interface Completion {
  readonly id: string;
  readonly object: "text_completion";
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: 0;
    readonly text: string;
    readonly logprobs: null;
    /** Null in every chunk but the last with text. */
    readonly finish_reason: CompletionFinishReason | null;
  }[];
  readonly usage?: OpenAiUsage | null;
}
