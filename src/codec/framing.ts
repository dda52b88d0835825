/** Framing of streamed answers: the messages on the wire. */
import type { ProxyError } from "../core/error.ts";
import type { AnswerEvent } from "../core/event.ts";
import { formatFrames, SSE_COMMENT } from "../lib/sse.ts";
import type { SseFrame } from "../lib/sse.ts";
import type { Encoder } from "./codec.ts";

/** The media type of server-sent events. */
export const SSE_TYPE = "text/event-stream; charset=utf-8";

/** The media type of lines of JSON, one message each. Source: https://github.com/ndjson/ndjson-spec */
export const NDJSON_TYPE = "application/x-ndjson";

/** Makes the events of one streamed answer, before they are text. */
export interface FrameEncoder {
  encode(event: AnswerEvent): SseFrame[];
  fail(error: ProxyError): SseFrame[];
}

/** Sends an encoder's frames as server-sent events, with comments through silence. */
export function toSse(encoder: FrameEncoder): Encoder {
  return {
    encode: (event) => formatFrames(encoder.encode(event)),
    fail: (error) => formatFrames(encoder.fail(error)),
    keepAlive: () => SSE_COMMENT,
  };
}
