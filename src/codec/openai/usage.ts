/** Token counts, as OpenAI's chat and legacy protocols give them. */
import { toPromptTokens } from "../../core/event.ts";
import type { Usage } from "../../core/event.ts";

/** Token counts as OpenAI words them. */
export interface OpenAiUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  /** Those of the prompt that were read from the cache. */
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  /** Those of the completion that were thinking; 0 where the API does not tell. */
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

/** Makes the counts of one answer. */
export function toUsage(usage: Usage): OpenAiUsage {
  const prompt = toPromptTokens(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    completion_tokens_details: { reasoning_tokens: usage.thinking ?? 0 },
  };
}
