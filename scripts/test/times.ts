/**
 * What batches of tests took, and the order in which they run for it. The last run's times are in
 * `dist/test-times.json`; for a checkout that has run nothing, those of the longest are in `test/times.json`, rounded.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Batch, BatchResult } from "./batch.ts";

/** Seconds from start to end, and seconds of CPU time (0 where the system does not tell). */
type Taken = readonly [seconds: number, cpu: number];
type Times = Readonly<Record<string, Taken>>;

/** Batches that have not begun. */
export interface Queue {
  /** Takes the longest of those that need a core, and once there are none, of those that wait. */
  takeNext(): Batch | undefined;
  /** Takes the longest of those that wait for something else than a core most of the time. */
  takeWaiting(): Batch | undefined;
}

const LAST = "dist/test-times.json";
const USUAL = "test/times.json";
/** A batch that takes less may begin at any time. */
const LONG_S = 10;
const ROUNDING_S = 5;
/** Share of a core that a waiting batch uses at most. */
const WAITING_SHARE = 0.3;

function readTimes(file: string): Times {
  try {
    const times = Object.entries(JSON.parse(readFileSync(file, "utf8")) as Times);
    // Other versions of this script wrote other values.
    return Object.fromEntries(times.filter(([, taken]) => Array.isArray(taken)));
  } catch {
    // Never written, or cut by a kill.
    return {};
  }
}

function writeTimes(file: string, times: Times): void {
  const lines = Object.entries(times).map(([name, taken]) => `  ${JSON.stringify(name)}: ${JSON.stringify(taken)}`);
  writeFileSync(file, `{\n${lines.join(",\n")}\n}\n`);
}

/** Those that wait; none where CPU times are not known. */
const isWaiting = ([seconds, cpu]: Taken): boolean => seconds >= LONG_S && cpu > 0 && cpu < WAITING_SHARE * seconds;

/** Puts batches in order by what is known of them; those of which nothing is known come last. */
export function toQueue(batches: readonly Batch[], times: Times): Queue {
  const toTaken = ({ name }: Batch): Taken => times[name] ?? [0, 0];
  const sorted = [...batches].sort((one, other) => toTaken(other)[0] - toTaken(one)[0]);
  const waiting = sorted.filter((batch) => isWaiting(toTaken(batch)));
  const others = sorted.filter((batch) => !isWaiting(toTaken(batch)));
  return {
    takeNext: () => others.shift() ?? waiting.shift(),
    takeWaiting: () => waiting.shift(),
  };
}

/** The times known in this checkout. */
export const readKnownTimes = (): Times => ({ ...readTimes(USUAL), ...readTimes(LAST) });

/** Those that ran with all of their files: a part of a folder's tests says nothing of the folder. */
export function pickWhole<B extends Batch>(batches: readonly B[], all: readonly Batch[]): B[] {
  const counts = new Map(all.map(({ name, files }) => [name, files.length]));
  return batches.filter(({ name, files }) => files.length === counts.get(name));
}

/** Keeps what whole batches took; `isUsual` also for other checkouts, as far as they are long. */
export function keepTimes(results: readonly BatchResult[], isUsual: boolean): void {
  const toSeconds = (ms: number): number => Math.round(ms / 100) / 10;
  const taken = results.map(({ name, ms, cpuMs }) => [name, [toSeconds(ms), toSeconds(cpuMs)]] as const);
  mkdirSync("dist", { recursive: true });
  writeTimes(LAST, { ...readTimes(LAST), ...Object.fromEntries(taken) });
  if (!isUsual) return;
  const round = (seconds: number): number => Math.round(seconds / ROUNDING_S) * ROUNDING_S;
  const long = taken.filter(([, [seconds]]) => seconds >= LONG_S).sort(([, one], [, other]) => other[0] - one[0]);
  const rounded = long.map(([name, [seconds, cpu]]) => [name, [round(seconds), round(cpu)] as const] as const);
  writeTimes(USUAL, Object.fromEntries(rounded));
}
