/** Goldens of the wire: JSON letter for letter, the order of the keys included. Updating: see test/helpers/golden.ts */
import assert from "node:assert/strict";
import type { SseFrame } from "../../src/lib/sse.ts";
import { parseJson } from "../../src/lib/json.ts";
import { readGolden, updateGolden } from "../helpers/golden.ts";

interface GoldenFrame {
  readonly event?: string;
  /** A value stands for its JSON text; a string for itself. */
  readonly data: unknown;
}

const toText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Checks that a value is, letter for letter, the JSON of the golden. */
export function checkGolden(name: string, actual: unknown): void {
  if (updateGolden(`${name}.json`, toText(actual))) return;
  assert.equal(toText(actual), toText(JSON.parse(readGolden(`${name}.json`))), name);
}

/** Checks frames letter for letter: in a golden, data that is JSON is kept as its value. */
export function checkGoldenFrames(name: string, frames: readonly SseFrame[]): void {
  const kept = frames.map((frame): GoldenFrame => ({ ...frame, data: parseJson(frame.data) ?? frame.data }));
  if (updateGolden(`${name}.json`, toText(kept))) return;
  const golden = (JSON.parse(readGolden(`${name}.json`)) as readonly GoldenFrame[]).map(({ event, data }) => ({
    ...(event === undefined ? {} : { event }),
    data: typeof data === "string" ? data : JSON.stringify(data),
  }));
  assert.deepEqual(frames, golden, name);
}
