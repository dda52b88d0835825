/**
 * A stand-in for the Messages API: its listener and its event stream, for the echo model of `--demo` and the scripted
 * APIs of tests and benchmarks. Source: https://docs.anthropic.com/en/api/messages-streaming
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createStopCutter } from "../core/stop.ts";
import type { StopCutter } from "../core/stop.ts";
import { isObject, parseJson } from "../lib/json.ts";
import type { JsonObject } from "../lib/json.ts";
import { formatFrames } from "../lib/sse.ts";

/** The head of a message. Usage is Anthropic's: `input_tokens`, the cache's, and 1 output token so far. */
export interface MessageHead {
  readonly id: string;
  readonly model: string;
  readonly usage: JsonObject;
}

/** The message as it stands before its first block. */
export function toMessage({ id, model, usage }: MessageHead): JsonObject {
  const ends = { stop_reason: null, stop_sequence: null };
  return { id, type: "message", role: "assistant", model, content: [], ...ends, usage };
}

/** One event of the stream. */
export function formatEvent(type: string, fields: JsonObject): string {
  return formatFrames([{ event: type, data: JSON.stringify({ type, ...fields }) }]);
}

/** The event that opens the stream. */
export function formatStart(head: MessageHead): string {
  return formatEvent("message_start", { message: toMessage(head) });
}

/** The events of one content block, in order: its start, each delta, its stop. `index` counts blocks from 0. */
export function formatBlock(index: number, content_block: JsonObject, deltas: readonly JsonObject[]): string[] {
  return [
    formatEvent("content_block_start", { index, content_block }),
    ...deltas.map((delta) => formatEvent("content_block_delta", { index, delta })),
    formatEvent("content_block_stop", { index }),
  ];
}

/** The events that close the stream; `sequence` is the stop sequence that was met, if one was. */
export function formatEnd(stopReason: string, outputTokens: number, sequence: string | null = null): string {
  const delta = { stop_reason: stopReason, stop_sequence: sequence };
  return (
    formatEvent("message_delta", { delta, usage: { output_tokens: outputTokens } }) + formatEvent("message_stop", {})
  );
}

/** One request for an answer. */
export interface StandInCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: JsonObject;
  /** Bytes of the body. */
  readonly bytes: number;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Has `answer` answer `POST /v1/messages`; all else is a 404. The connection breaks when it throws. */
export function createStandIn(answer: (call: StandInCall) => void | Promise<void>): RequestListener {
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await readBody(request);
    const isAsked = request.method === "POST" && request.url?.startsWith("/v1/messages") === true;
    const body = isAsked ? parseJson(bytes.toString()) : undefined;
    if (isObject(body)) await answer({ request, response, body, bytes: bytes.length });
    else response.writeHead(404, { "content-type": "application/json" }).end("{}");
  }
  return (request, response) => void handle(request, response).catch(() => response.destroy());
}

/** Cuts the text of one answer at the stop sequences of its request, as the API does. */
export function createCutter(body: JsonObject): StopCutter {
  const { stop_sequences: held } = body;
  return createStopCutter(Array.isArray(held) ? held.filter((each) => typeof each === "string") : []);
}
