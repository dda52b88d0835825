/** Goldens: exact wire JSON, the order of the keys included, kept in files that a reader can look at. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { SseFrame } from "../../src/lib/sse.ts";

interface GoldenFrame {
  readonly event?: string;
  /** A value stands for its JSON text; a string for itself. */
  readonly data: unknown;
}

export function readGolden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/golden/${name}.json`, import.meta.url), "utf8"));
}

/** Checks that a value is, letter for letter, the JSON of the golden. */
export function checkGolden(name: string, actual: unknown): void {
  assert.equal(JSON.stringify(actual, null, 2), JSON.stringify(readGolden(name), null, 2), name);
}

/** Checks frames letter for letter: in a golden, data that is JSON is kept as its value. */
export function checkGoldenFrames(name: string, frames: readonly SseFrame[]): void {
  const golden = (readGolden(name) as readonly GoldenFrame[]).map(({ event, data }) => ({
    ...(event === undefined ? {} : { event }),
    data: typeof data === "string" ? data : JSON.stringify(data),
  }));
  assert.deepEqual(frames, golden, name);
}
