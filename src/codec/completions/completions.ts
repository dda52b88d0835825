/** OpenAI's legacy completions. Source: https://platform.openai.com/docs/api-reference/completions */
import type { Codec } from "../codec.ts";
import { SSE_TYPE, toSse } from "../framing.ts";
import { encodeError } from "../openai/error.ts";
import { decode } from "./decode.ts";
import { createEncoder, encodeReply } from "./encode.ts";
import type { CompletionsForm } from "./form.ts";

/** The protocol of `POST /v1/completions`. */
export const completions: Codec<CompletionsForm> = {
  path: "/v1/completions",
  streamType: SSE_TYPE,
  decode,
  createEncoder: (form, meta) => toSse(createEncoder(form, meta)),
  encodeReply,
  encodeError,
};
