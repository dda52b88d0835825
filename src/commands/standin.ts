/**
 * The event stream of the Messages API as a stand-in for it writes it: the echo model of `--demo`, and the scripted
 * APIs of tests and
 * benchmarks. Source: https://docs.anthropic.com/en/api/messages-streaming
 */
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

/** The events that close the stream. */
export function formatEnd(stopReason: string, outputTokens: number): string {
  const delta = { stop_reason: stopReason, stop_sequence: null };
  return (
    formatEvent("message_delta", { delta, usage: { output_tokens: outputTokens } }) + formatEvent("message_stop", {})
  );
}
