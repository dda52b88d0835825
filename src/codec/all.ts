/** Every protocol that is served. */
import { chat } from "./chat/chat.ts";
import { completions } from "./completions/completions.ts";
import type { Codec } from "./codec.ts";
import { messages } from "./messages/messages.ts";
import { ollamaChat, ollamaGenerate } from "./ollama/ollama.ts";
import { responses } from "./responses/responses.ts";

/** All codecs; a request's path chooses among them. */
export const CODECS: readonly Codec[] = [chat, completions, responses, messages, ollamaChat, ollamaGenerate];

/** The codec that words errors where no protocol is known. */
export const DEFAULT_CODEC: Codec = chat;

/**
 * The codec that words errors at a path that is no protocol's own: Anthropic's where the request names a version of its
 * API.
 */
export function toErrorCodec(path: string, namesAnthropicVersion: boolean): Codec {
  if (path.startsWith("/api/")) return ollamaChat;
  return namesAnthropicVersion ? messages : DEFAULT_CODEC;
}
