/** OpenAI Responses. Source: https://platform.openai.com/docs/api-reference/responses */
import type { Codec } from "../codec.ts";
import { encodeError } from "../openai.ts";
import { decode } from "./decode.ts";
import { createEncoder, encodeReply } from "./encode.ts";
import { keeping } from "./keeping.ts";

export const responses: Codec = { path: "/v1/responses", decode, createEncoder, encodeReply, encodeError, keeping };
