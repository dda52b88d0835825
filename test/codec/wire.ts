/** Streams as a client reads them: text cut into messages again. */
import assert from "node:assert/strict";
import type { Codec, Meta, Store } from "../../src/codec/codec.ts";
import type { SseFrame } from "../../src/lib/sse.ts";

/** An answer's id and times, the same at every run. */
export const META: Meta = { id: "abc123", startedAtMs: 1_700_000_000_250, nowMs: () => 1_700_000_002_000 };

/** A store in which nothing is. */
export const EMPTY_STORE: Store = { get: () => undefined, put: () => Promise.resolve(), delete: () => false };

function toFrame(block: string): SseFrame {
  const lines = block.split("\n");
  const data = lines.at(-1) ?? "";
  assert.match(data, /^data: /);
  const event = lines.length === 2 ? /^event: (.+)$/.exec(lines[0] ?? "")?.[1] : undefined;
  assert.equal(lines.length, event === undefined ? 1 : 2, block);
  return { ...(event === undefined ? {} : { event }), data: data.slice("data: ".length) };
}

/** Cuts a stream's text into its messages: server-sent events, or lines of JSON. */
export function readFrames({ streamType }: Pick<Codec, "streamType">, text: string): SseFrame[] {
  const isSse = streamType.startsWith("text/event-stream");
  const end = isSse ? "\n\n" : "\n";
  assert.ok(text === "" || text.endsWith(end), "the stream ends in mid-message");
  const blocks = text.split(end).slice(0, -1);
  return blocks.map((block) => (isSse ? toFrame(block) : { data: block }));
}
