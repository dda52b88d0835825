/** Every protocol that is served. */
import { chat } from "./chat/chat.ts";
import type { Codec } from "./codec.ts";
import { messages } from "./messages/messages.ts";
import { responses } from "./responses/responses.ts";

export const CODECS: readonly Codec[] = [chat, responses, messages];

/** The codec that words errors where no protocol is known. */
export const DEFAULT_CODEC: Codec = chat;
