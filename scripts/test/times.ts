/**
 * Durations of test files: the longest begin first, so that none runs alone at the end. Those of the last run are in
 * `dist/test-times.json`; for a checkout that has run none, the longest are in `test/times.json`, rounded.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { FileResult } from "./file.ts";

/** Seconds by path. */
type Times = Readonly<Record<string, number>>;

const LAST = "dist/test-times.json";
const USUAL = "test/times.json";
/** A file that takes less may begin at any time. */
const LONG_S = 10;
const ROUNDING_S = 5;

function readTimes(file: string): Times {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Times;
  } catch {
    // Never written, or cut by a kill.
    return {};
  }
}

function writeTimes(file: string, times: Times): void {
  writeFileSync(file, `${JSON.stringify(times, null, 2)}\n`);
}

/** Longest first; files of which nothing is known come last. */
export function sortByTime(files: readonly string[]): string[] {
  const times = { ...readTimes(USUAL), ...readTimes(LAST) };
  return [...files].sort((one, other) => (times[other] ?? 0) - (times[one] ?? 0));
}

/** Keeps what these files took; `isUsual` also for other checkouts, as far as they are long. */
export function keepTimes(results: readonly FileResult[], isUsual: boolean): void {
  const taken = results.map(({ path, ms }) => [path, Math.round(ms / 100) / 10] as const);
  mkdirSync("dist", { recursive: true });
  writeTimes(LAST, { ...readTimes(LAST), ...Object.fromEntries(taken) });
  if (!isUsual) return;
  const long = taken.filter(([, seconds]) => seconds >= LONG_S).sort(([, one], [, other]) => other - one);
  const rounded = long.map(([path, seconds]) => [path, Math.round(seconds / ROUNDING_S) * ROUNDING_S] as const);
  writeTimes(USUAL, Object.fromEntries(rounded));
}
