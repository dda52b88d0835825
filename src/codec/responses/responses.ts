/** OpenAI Responses. Source: https://platform.openai.com/docs/api-reference/responses */
import type { Codec } from "../codec.ts";
import { SSE_TYPE, toSse } from "../framing.ts";
import { encodeError } from "../openai/error.ts";
import { decode } from "./decode.ts";
import { createEncoder, encodeReply } from "./encode.ts";
import type { ResponsesForm } from "./form.ts";
import { STORED_RESOURCES, toStored } from "./stored.ts";

/** The protocol of `POST /v1/responses`, with its stored responses. */
export const responses: Codec<ResponsesForm> = {
  path: "/v1/responses",
  streamType: SSE_TYPE,
  decode,
  createEncoder: (form, meta) => toSse(createEncoder(form, meta)),
  encodeReply,
  encodeError,
  toStored,
  resources: STORED_RESOURCES,
};
