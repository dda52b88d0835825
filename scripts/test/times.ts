/**
 * Durations of the last run, in `dist/test-times.json`: the longest files begin first, so that none runs alone at the
 * end.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { FileResult } from "./file.ts";

const STORE = "dist/test-times.json";

function readTimes(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(STORE, "utf8")) as Record<string, number>;
  } catch {
    // Never written, or cut by a kill.
    return {};
  }
}

/** Longest first; files that have never run before all others. */
export function sortByTime(files: readonly string[]): string[] {
  const times = readTimes();
  return [...files].sort((one, other) => (times[other] ?? Infinity) - (times[one] ?? Infinity) || 0);
}

/** Keeps what these files took, in milliseconds. */
export function keepTimes(results: readonly FileResult[]): void {
  mkdirSync("dist", { recursive: true });
  const times = { ...readTimes(), ...Object.fromEntries(results.map(({ path, ms }) => [path, Math.round(ms)])) };
  writeFileSync(STORE, `${JSON.stringify(times, null, 2)}\n`);
}
