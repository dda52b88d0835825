/** Anthropic Messages. Source: https://docs.claude.com/en/api/messages */
import { finishInSlices } from "../../lib/slice.ts";
import type { Work } from "../../lib/work.ts";
import type { Codec } from "../codec.ts";
import { SSE_TYPE, toSse } from "../framing.ts";
import { decode, toCountedTurn } from "./decode.ts";
import { estimateTokens } from "./count.ts";
import { createEncoder, encodeReply } from "./encode.ts";
import { encodeError } from "./error.ts";
import type { MessagesForm } from "./form.ts";

const PATH = "/v1/messages";

/** The answer to `count_tokens`: an estimate, which takes no process and no quota. */
export function* countTokens(body: unknown): Work<{ readonly input_tokens: number }> {
  return { input_tokens: yield* estimateTokens(yield* toCountedTurn(body)) };
}

/** The protocol of `POST /v1/messages`, and its token count. */
export const messages: Codec<MessagesForm> = {
  path: PATH,
  streamType: SSE_TYPE,
  decode,
  createEncoder: (form, meta) => toSse(createEncoder(form, meta)),
  encodeReply,
  encodeError,
  resources: [{ path: `${PATH}/count_tokens`, methods: { POST: ({ body }) => finishInSlices(countTokens(body)) } }],
};
