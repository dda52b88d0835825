/** A client's request, in no protocol's words. Codecs make a `Turn`; the CLI side plays it. */
import type { JsonObject } from "../lib/json.ts";

/** Plain text. */
export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** Media types of images that the API takes. */
export const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;

/** An image as base64, or an http(s) URL that the API fetches. */
export type ImageSource =
  | { readonly type: "base64"; readonly mediaType: (typeof IMAGE_TYPES)[number]; readonly data: string }
  | { readonly type: "url"; readonly url: string };

/** An image. */
export interface ImagePart {
  readonly type: "image";
  readonly source: ImageSource;
}

/** A PDF (base64) or a plain text. `title` is the file name the client gave. */
export interface DocumentPart {
  readonly type: "document";
  readonly source:
    | { readonly type: "base64"; readonly mediaType: "application/pdf"; readonly data: string }
    | { readonly type: "text"; readonly text: string };
  readonly title?: string;
}

/** A call the model made. `id` holds letters and digits only: some clients drop everything else. */
export interface ToolCall {
  readonly type: "call";
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
  /** The MCP server that it was made to; absent for a tool of the client's. Its `id` is the API's own. */
  readonly server?: string;
}

/** The result of a call; `id` is the call's. */
export interface ToolResult {
  readonly type: "result";
  readonly id: string;
  readonly content: readonly (TextPart | ImagePart)[];
  readonly isError: boolean;
  /** The MCP server that has given it; absent for a tool of the client's. */
  readonly server?: string;
}

/** Thinking as a client gives it back. The API takes it only with its signature, so that is never empty. */
export interface ThinkingPart {
  readonly type: "thinking";
  readonly text: string;
  readonly signature: string;
}

/** Thinking that the API shows to nobody: its encrypted form, not empty. */
export interface RedactedPart {
  readonly type: "redacted";
  readonly data: string;
}

/** A part of a user's message. */
export type UserPart = TextPart | ImagePart | DocumentPart | ToolResult;
/** A part of an assistant's message. */
export type AssistantPart = TextPart | ToolCall | ThinkingPart | RedactedPart;
/** A message of the user's, or the results of tool calls. */
export interface UserMessage {
  readonly role: "user";
  readonly content: readonly UserPart[];
}
/** A message of a conversation. */
export type Message = UserMessage | { readonly role: "assistant"; readonly content: readonly AssistantPart[] };

/** A function of the client's. `schema` is JSON Schema and reaches the API as it is. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly schema: JsonObject;
}

/** Which of the tools may or must be called: as the model likes, none, at least one of them, or this one. */
export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

/** Free text, or one JSON object that fits the schema. */
export type Format = { readonly type: "text" } | { readonly type: "json"; readonly schema: JsonObject };

/** The format of a request that asks for none. */
export const TEXT_FORMAT: Format = { type: "text" };

/** Efforts of thinking, in the CLI's words. */
export const EFFORTS = ["low", "medium", "high", "xhigh", "max"] as const;
/** An effort of thinking. */
export type Effort = (typeof EFFORTS)[number];

/**
 * A request's wish for the model's thinking, for this turn alone.
 *
 * `mode`:
 * - `default`: the request says nothing. The model thinks as it likes; nobody has asked to read it.
 * - `off`: the model is to answer without thinking.
 * - `shown`: the model thinks as it likes, and the client reads summaries of it: `thinking` events.
 *
 * `budgetTokens`: most tokens of thinking, at least 1; never set when the mode is `off`. Only models that have thinking
 * budgets keep to it: for others it is to be left out.
 */
export interface Thinking {
  readonly mode: "default" | "off" | "shown";
  readonly budgetTokens?: number;
}

/** The thinking of a request that does not speak of it. */
export const DEFAULT_THINKING: Thinking = { mode: "default" };

/** The way the model picks its words, in the API's numbers; undefined is left to the API. */
export interface Sampling {
  /** From 0 to 1. */
  readonly temperature: number | undefined;
  /** From 0 to 1. */
  readonly topP: number | undefined;
  /** At least 1. */
  readonly topK: number | undefined;
}

/** Settings that not every model has in every turn: a turn is played without those that the API would not take. */
export const OPTIONAL_SETTINGS = ["sampling", "speed"] as const;
/** A setting that a turn can do without. */
export type OptionalSetting = (typeof OPTIONAL_SETTINGS)[number];

/** The request to the model. Delivery of the answer is no part of it: that is between the client and the codec. */
export interface Turn {
  /** As the client wrote it. */
  readonly model: string;
  /** Empty when there is none. */
  readonly system: string;
  /** The whole conversation, oldest first; ends in a user message, and no two user messages stand side by side. */
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  /** The request asks for the web search of the server's side. */
  readonly webSearch: boolean;
  readonly parallelCalls: boolean;
  readonly effort: Effort | undefined;
  readonly thinking: Thinking;
  /** Most output tokens. */
  readonly maxTokens: number | undefined;
  /** Texts the answer ends before. */
  readonly stop: readonly string[];
  readonly format: Format;
  /** Taken by the API where the model does not think. */
  readonly sampling?: Sampling;
  /** The model is to answer faster, at a higher price. */
  readonly speed?: "fast";
  /** The API's default tier is absent: the best one that the account has. */
  readonly serviceTier?: "standard_only";
}

/** The turn without these settings. */
export function omitSettings(turn: Turn, settings: readonly OptionalSetting[]): Turn {
  const { sampling, speed, ...rest } = turn;
  return {
    ...rest,
    ...(sampling === undefined || settings.includes("sampling") ? {} : { sampling }),
    ...(speed === undefined || settings.includes("speed") ? {} : { speed }),
  };
}

/**
 * Joins user messages that stand side by side into one of several parts: the Messages API does the same, so a
 * conversation has one form whichever way a client cut it. Assistant messages stay apart.
 */
export function joinUserMessages(messages: readonly Message[]): Message[] {
  const joined: Message[] = [];
  // Parts are added in place: copying those so far for each message takes quadratic time.
  let parts: UserPart[] | undefined;
  for (const message of messages) {
    if (message.role === "assistant") {
      joined.push(message);
      parts = undefined;
    } else if (parts) {
      for (const part of message.content) parts.push(part);
    } else {
      parts = [...message.content];
      joined.push({ role: "user", content: parts });
    }
  }
  return joined;
}

/** A tool-call id as every client gives it back: letters and digits only. */
export function toCallId(id: string): string {
  return id.replace(/[^A-Za-z0-9]/g, "");
}
