/** Anthropic Messages. Source: https://docs.claude.com/en/api/messages */
import type { Codec } from "../codec.ts";
import { countTokens } from "./count.ts";
import { decode } from "./decode.ts";
import { createEncoder, encodeReply } from "./encode.ts";
import { encodeError } from "./error.ts";

const PATH = "/v1/messages";

export const messages: Codec = {
  path: PATH,
  decode,
  createEncoder,
  encodeReply,
  encodeError,
  direct: { [`${PATH}/count_tokens`]: countTokens },
};
