/** Frames on the wire, read back by the rules of the standard. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFrames, SSE_COMMENT } from "../../src/lib/sse.ts";
import type { SseFrame } from "../../src/lib/sse.ts";

/** A reader by the letter of the standard, as far as the sender uses it. */
function readFrames(text: string): SseFrame[] {
  return text.split("\n\n").flatMap((block): SseFrame[] => {
    const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
    const event = lines.find((line) => line.startsWith("event: "))?.slice(7);
    const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
    if (data.length === 0) return [];
    return [event === undefined ? { data: data.join("\n") } : { event, data: data.join("\n") }];
  });
}

test("a frame is one data line and an empty one", () => {
  assert.equal(formatFrames([{ data: "[DONE]" }]), "data: [DONE]\n\n");
});

test("a named frame has its event line first", () => {
  assert.equal(formatFrames([{ event: "ping", data: "{}" }]), "event: ping\ndata: {}\n\n");
});

test("no frames are no bytes", () => {
  assert.equal(formatFrames([]), "");
});

test("frames of any JSON text, comments between them, are read back as they were", () => {
  const words = ["", "plain", 'quote " and \\', "line\nbreak\r\n", "\u2028\u2029", "👩‍👩‍👧", "data: event: :", "\0"];
  const frames = words.map((text, at): SseFrame => ({
    ...(at % 2 ? { event: "delta" } : {}),
    data: JSON.stringify({ text }),
  }));
  const wire = frames.map((frame) => formatFrames([frame]) + SSE_COMMENT).join("");
  assert.deepEqual(readFrames(wire), frames);
  assert.deepEqual(readFrames(formatFrames(frames)), frames);
});

test("a comment alone is no event", () => {
  assert.deepEqual(readFrames(SSE_COMMENT + SSE_COMMENT), []);
});
