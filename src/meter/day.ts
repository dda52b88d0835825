/** Totals of each day, and their form on disk: one JSON text a month. Pure; `archive.ts` reads and writes the files. */
import { HTTP_STATUS } from "../core/error.ts";
import type { ErrorKind } from "../core/error.ts";
import { STARTS } from "../core/start.ts";
import { isObject, parseJson } from "../lib/json.ts";
import type { JsonObject } from "../lib/json.ts";
import { DURATION_BOUNDS, FIRST_DELTA_BOUNDS } from "./histogram.ts";
import type { Histogram } from "./histogram.ts";
import { addShare, addTotals, addTurn, createTotals, toShare } from "./totals.ts";
import type { FinishedTurn, NamedShare, Tokens, Totals } from "./totals.ts";

/** The same sums, split in three ways. */
export interface Groups {
  readonly models: NamedShare[];
  readonly clients: NamedShare[];
  readonly protocols: NamedShare[];
}

/** The sums of one day, on this machine's calendar. */
export interface Day extends Totals, Groups {
  /** `YYYY-MM-DD`. */
  readonly date: string;
}

/** A name; the longest of a model has 128 characters. */
const NAME = /^[^\p{Cc}]{1,200}$/u;

/** Most rows that a day, or all time since the start, has for each of these; what has none is counted as `other`. */
export const MOST_NAMES = { models: 32, clients: 50, protocols: 12 } as const;

const GROUPS = ["models", "clients", "protocols"] as const;

/** The day a time falls on. */
export function toDate(ms: number): string {
  const time = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

/** The first of the last `count` days, the one that a time falls on included. */
export function toFirstDate(ms: number, count: number): string {
  const time = new Date(ms);
  time.setDate(time.getDate() - count + 1);
  return toDate(time.getTime());
}

/** The month of a day, `YYYY-MM`. */
export function toMonth(date: string): string {
  return date.slice(0, 7);
}

/** A day without a turn. */
export function createDay(date: string): Day {
  return { date, ...createTotals(), models: [], clients: [], protocols: [] };
}

/** Counts a turn in the sums of its model, its client and its protocol. */
export function addToGroups(groups: Groups, turn: FinishedTurn): void {
  const share = toShare(turn);
  addShare(groups.models, turn.model, share, MOST_NAMES.models);
  addShare(groups.clients, turn.client, share, MOST_NAMES.clients);
  addShare(groups.protocols, turn.protocol, share, MOST_NAMES.protocols);
}

/** Counts a turn. */
export function addTurnToDay(day: Day, turn: FinishedTurn): void {
  addTurn(day, turn);
  addToGroups(day, turn);
}

/** Adds the sums of a day to those of the same day. */
export function addDay(target: Day, source: Day): void {
  addTotals(target, source);
  for (const group of GROUPS)
    for (const share of source[group]) addShare(target[group], share.name, share, MOST_NAMES[group]);
}

/** Thrown for a text that is not a month; the message says where. */
class DamagedError extends Error {}

function readCount(holder: JsonObject, key: string): number {
  const value = holder[key];
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new DamagedError(`${key} is not a count`);
}

function readObject(holder: JsonObject, key: string): JsonObject {
  const value = holder[key];
  if (isObject(value)) return value;
  throw new DamagedError(`${key} is not an object`);
}

function readText(holder: JsonObject, key: string, pattern: RegExp): string {
  const value = holder[key];
  if (typeof value === "string" && pattern.test(value)) return value;
  throw new DamagedError(`${key} is not what it should be`);
}

function readList(holder: JsonObject, key: string): readonly unknown[] {
  const value: unknown = holder[key];
  if (Array.isArray(value)) return value;
  throw new DamagedError(`${key} is not a list`);
}

function readTokens(holder: JsonObject): Tokens {
  const tokens = readObject(holder, "tokens");
  const read = (key: keyof Tokens): number => readCount(tokens, key);
  return { input: read("input"), cached: read("cached"), output: read("output"), thinking: read("thinking") };
}

/** Bounds that another release had make its counts of no use here; the sums beside them still are. */
function readHistogram(holder: JsonObject, key: string, bounds: readonly number[]): Histogram | undefined {
  const histogram = readObject(holder, key);
  const counts = readList(histogram, "counts").map((value, at) => readCount({ [at]: value }, String(at)));
  return counts.length === bounds.length + 1 ? { counts, sum: readCount(histogram, "sum") } : undefined;
}

function readShares(holder: JsonObject, key: string): NamedShare[] {
  return readList(holder, key).map((value) => {
    if (!isObject(value)) throw new DamagedError(`${key} holds what is not an object`);
    const name = readText(value, "name", NAME);
    return {
      name,
      requests: readCount(value, "requests"),
      errors: readCount(value, "errors"),
      tokens: readTokens(value),
    };
  });
}

function readDay(value: unknown): Day {
  if (!isObject(value)) throw new DamagedError("a day is not an object");
  const day = createDay(readText(value, "date", /^\d{4}-\d\d-\d\d$/));
  day.requests = readCount(value, "requests");
  const errors = readObject(value, "errors");
  // Kinds that another release had are left out.
  for (const kind of Object.keys(HTTP_STATUS) as ErrorKind[])
    if (errors[kind] !== undefined) day.errors[kind] = readCount(errors, kind);
  day.tokens = readTokens(value);
  const starts = readObject(value, "starts");
  for (const start of STARTS) if (starts[start] !== undefined) day.starts[start] = readCount(starts, start);
  day.first_delta = readHistogram(value, "first_delta", FIRST_DELTA_BOUNDS) ?? day.first_delta;
  day.duration = readHistogram(value, "duration", DURATION_BOUNDS) ?? day.duration;
  for (const group of GROUPS)
    for (const share of readShares(value, group)) addShare(day[group], share.name, share, MOST_NAMES[group]);
  return day;
}

/** Reads a month; undefined when the text is not one, whatever is wrong with it. */
export function decodeMonth(text: string): Day[] | undefined {
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  try {
    return readList(value, "days").map(readDay);
  } catch (error) {
    if (error instanceof DamagedError) return undefined;
    throw error;
  }
}

/** Writes a month, days in order. */
export function encodeMonth(days: readonly Day[]): string {
  const sorted = [...days].sort((a, b) => (a.date < b.date ? -1 : 1));
  // Sums of fractions of a second, to the millisecond: more digits are noise, and half of the file.
  const round = (_key: string, held: unknown): unknown =>
    typeof held === "number" ? Math.round(held * 1000) / 1000 : held;
  return `${JSON.stringify({ days: sorted }, round)}\n`;
}
