/**
 * Ollama's API: conversations, prompts, and what it tells of models. Source:
 * https://github.com/ollama/ollama/blob/main/docs/api.md
 */
import type { Codec } from "../codec.ts";
import { NDJSON_TYPE } from "../framing.ts";
import { CATALOGUE } from "./catalogue.ts";
import { answerAtOnce, decodeChat, decodeGenerate } from "./decode.ts";
import { createEncoder, encodeReply } from "./encode.ts";
import { encodeError } from "./error.ts";
import type { OllamaForm } from "./form.ts";

/** The protocol of `POST /api/chat`, with everything of the API that is not an answer. */
export const ollamaChat: Codec<OllamaForm> = {
  path: "/api/chat",
  streamType: NDJSON_TYPE,
  isTypeOptional: true,
  decode: decodeChat,
  answerAtOnce: (body, meta, models) => answerAtOnce("chat", body, meta, models),
  createEncoder,
  encodeReply,
  encodeError,
  resources: CATALOGUE,
};

/** The protocol of `POST /api/generate`: a prompt and the text that answers it. */
export const ollamaGenerate: Codec<OllamaForm> = {
  path: "/api/generate",
  streamType: NDJSON_TYPE,
  isTypeOptional: true,
  decode: decodeGenerate,
  answerAtOnce: (body, meta, models) => answerAtOnce("generate", body, meta, models),
  createEncoder,
  encodeReply,
  encodeError,
};
