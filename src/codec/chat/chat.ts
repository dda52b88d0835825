/** OpenAI Chat Completions. Source: https://platform.openai.com/docs/api-reference/chat */
import type { Codec } from "../codec.ts";
import { encodeError } from "../openai.ts";
import { decode } from "./decode.ts";
import { createEncoder, encodeReply } from "./encode.ts";

export const chat: Codec = { path: "/v1/chat/completions", decode, createEncoder, encodeReply, encodeError };
