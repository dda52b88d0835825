/**
 * Durations of batches of tests: the longest begin first, so that none runs alone at the end. Those of the last run are in
 * `dist/test-times.json`; for a checkout that has run none, the longest are in `test/times.json`, rounded.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Batch, BatchResult } from "./batch.ts";

/** Seconds by the name of the batch. */
type Times = Readonly<Record<string, number>>;

const LAST = "dist/test-times.json";
const USUAL = "test/times.json";
/** A batch that takes less may begin at any time. */
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

/** Longest first; those of which nothing is known come last. */
export function sortByTime(batches: readonly Batch[]): Batch[] {
  const times = { ...readTimes(USUAL), ...readTimes(LAST) };
  return [...batches].sort((one, other) => (times[other.name] ?? 0) - (times[one.name] ?? 0));
}

/** Keeps what these batches took; `isUsual` also for other checkouts, as far as they are long. */
export function keepTimes(results: readonly BatchResult[], isUsual: boolean): void {
  const taken = results.map(({ name, ms }) => [name, Math.round(ms / 100) / 10] as const);
  mkdirSync("dist", { recursive: true });
  writeTimes(LAST, { ...readTimes(LAST), ...Object.fromEntries(taken) });
  if (!isUsual) return;
  const long = taken.filter(([, seconds]) => seconds >= LONG_S).sort(([, one], [, other]) => other - one);
  const rounded = long.map(([name, seconds]) => [name, Math.round(seconds / ROUNDING_S) * ROUNDING_S] as const);
  writeTimes(USUAL, Object.fromEntries(rounded));
}
