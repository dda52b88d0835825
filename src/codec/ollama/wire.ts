/** The objects of Ollama's API that are sent. Source: https://github.com/ollama/ollama/blob/main/docs/api.md */
import type { JsonObject } from "../../lib/json.ts";

/** A tool call; its arguments are an object. */
export interface OllamaCall {
  readonly id: string;
  readonly function: { readonly index: number; readonly name: string; readonly arguments: JsonObject };
}

/** Content of an answer: a piece of it in a stream, all of it otherwise. */
export interface OllamaContent {
  readonly text: string;
  readonly thinking?: string;
  readonly calls?: readonly OllamaCall[];
}

/** The content of an answer, as `/api/chat` puts it. */
export interface OllamaMessage {
  readonly role: "assistant";
  readonly content: string;
  readonly thinking?: string;
  readonly tool_calls?: readonly OllamaCall[];
}

/** The end of an answer. Durations are nanoseconds. */
export interface OllamaEnd {
  readonly done: true;
  readonly done_reason: "stop" | "length" | "load" | "unload";
  readonly total_duration?: number;
  readonly load_duration?: number;
  readonly prompt_eval_count?: number;
  readonly prompt_eval_duration?: number;
  readonly eval_count?: number;
  readonly eval_duration?: number;
}

/** One line of a stream, or a whole answer. */
export type OllamaAnswer = {
  readonly model: string;
  /** ISO 8601, in UTC. */
  readonly created_at: string;
} & ({ readonly message: OllamaMessage } | { readonly response: string; readonly thinking?: string }) &
  ({ readonly done: false } | OllamaEnd);

/** Facts of a model's file. Claude's models have none: sizes are 0, words are empty. */
export interface OllamaDetails {
  readonly parent_model: "";
  readonly format: "";
  readonly family: "claude";
  readonly families: readonly ["claude"];
  readonly parameter_size: "";
  readonly quantization_level: "";
}

/** A model as `/api/tags` and `/api/ps` list it. */
export interface OllamaModel {
  readonly name: string;
  readonly model: string;
  readonly modified_at: string;
  readonly size: 0;
  /** 64 hexadecimal digits that differ from model to model. */
  readonly digest: string;
  readonly details: OllamaDetails;
}
