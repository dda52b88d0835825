/** OpenAI Chat Completions. Source: https://platform.openai.com/docs/api-reference/chat */
import type { Codec } from "../codec.ts";
import { SSE_TYPE, toSse } from "../framing.ts";
import { encodeError } from "../openai/error.ts";
import { decode } from "./decode.ts";
import { createEncoder, encodeReply } from "./encode.ts";
import type { ChatForm } from "./form.ts";

/** The protocol of `POST /v1/chat/completions`. */
export const chat: Codec<ChatForm> = {
  path: "/v1/chat/completions",
  streamType: SSE_TYPE,
  decode,
  createEncoder: (form, meta) => toSse(createEncoder(form, meta)),
  encodeReply,
  encodeError,
};
