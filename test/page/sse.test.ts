import assert from "node:assert/strict";
import { test } from "node:test";
import { readEvents } from "../../src/page/sse.ts";

const TEXT = ': hello\n\nevent: usage\ndata: {"now":"ü"}\n\ndata: plain\n\n: beat\n\n';
const EVENTS = [
  { event: "usage", data: '{"now":"ü"}' },
  { event: "message", data: "plain" },
];

function toBody(pieces: readonly Uint8Array<ArrayBuffer>[], isOpen = false): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      if (!isOpen) controller.close();
    },
  });
}

async function toList<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test("events are read, wherever the bytes are cut", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  for (let at = 0; at <= bytes.length; at++)
    assert.deepEqual(await toList(readEvents(toBody([bytes.slice(0, at), bytes.slice(at)]))), EVENTS);
});

test("a silent body ends after its limit", async () => {
  const body = toBody([new TextEncoder().encode(TEXT)], true);
  assert.deepEqual(await toList(readEvents(body, 20)), EVENTS);
});
