/** Bounds of JSON of unknown origin: of a text before it is parsed, and of a value. */
import { parseJson } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { findOpen, PAUSE_EACH, takeNext, toStep } from "./step.ts";
import type { Work } from "./work.ts";

/** Limits of a value's size. */
export interface Bounds {
  /** Most objects and arrays inside each other, the outermost included. */
  readonly levels: number;
  /** Most members of objects and items of arrays, all together. */
  readonly values: number;
}

/** A bound that a value exceeds. */
export interface Excess {
  readonly bound: keyof Bounds;
  /** The member of the outermost object in which the bound was passed; undefined when its own members are too many. */
  readonly member: string | undefined;
}

/** The size of a text's value, as far as it was read: to its end, or to the first bound that it exceeds. */
export interface Size {
  readonly values: number;
  readonly excess: Excess | undefined;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** UTF-16 units that are read between two pauses: some tenths of a millisecond. */
const PAUSE_UNITS = 128 * 1024;
/** So many units of a string are looked at one by one: most strings end there, and a native search costs as much. */
const NEAR_UNITS = 24;

/** A place in a text, and what was met before it. */
interface Scan {
  at: number;
  isInString: boolean;
  /** An object or array has begun, and nothing in it yet. */
  isFresh: boolean;
  depth: number;
  values: number;
  /** Begin of the last string right in the outermost value, and the place where what follows it was opened. */
  stringAt: number;
  openedAt: number;
}

/** Goes on in a string: to its end, or behind an escaped quote. Gives the place after it. */
function passString(text: string, from: number, scan: Scan): number {
  let at = from;
  for (const near = Math.min(from + NEAR_UNITS, text.length); at < near; at++) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at++;
    else if (unit === QUOTE) {
      scan.isInString = false;
      return at + 1;
    }
  }
  const quote = text.indexOf('"', at);
  let escape = quote;
  while (escape > at && text.charCodeAt(escape - 1) === BACKSLASH) escape--;
  scan.isInString = quote !== -1 && (quote - escape) % 2 === 1;
  return quote === -1 ? text.length : quote + 1;
}

/** Goes on to `until`, or to the first bound that is exceeded. */
function advance(text: string, scan: Scan, until: number, { levels, values }: Bounds): keyof Bounds | undefined {
  let { at } = scan;
  let bound: keyof Bounds | undefined;
  while (at < until && !bound) {
    if (scan.isInString) {
      at = passString(text, at, scan);
      continue;
    }
    const unit = text.charCodeAt(at++);
    if (unit <= SPACE) continue;
    if (unit === CLOSE_OBJECT || unit === CLOSE_ARRAY) {
      scan.depth--;
      scan.isFresh = false;
      continue;
    }
    if (scan.isFresh || unit === COMMA) {
      scan.isFresh = false;
      if (++scan.values > values) bound = "values";
    }
    if (unit === QUOTE) {
      scan.isInString = true;
      if (scan.depth === 1) scan.stringAt = at - 1;
    } else if (unit === OPEN_OBJECT || unit === OPEN_ARRAY) {
      scan.isFresh = true;
      if (scan.depth === 1) scan.openedAt = at - 1;
      if (++scan.depth > levels) bound ??= "levels";
    }
  }
  scan.at = at;
  return bound;
}

/** The member of an object that is being read: the last string before its value was opened. */
function toMember(text: string, { depth, stringAt, openedAt }: Scan): string | undefined {
  if (depth < 2 || !/^\s*\{/.test(text)) return undefined;
  const name = text.slice(stringAt, openedAt);
  const value = parseJson(name.slice(0, name.lastIndexOf('"') + 1));
  return typeof value === "string" ? value : undefined;
}

/**
 * Measures a JSON text, which takes a small part of the time that parsing it takes, and no memory: parsed, it may be
 * thirty times as large. Of a text that is no JSON the size means nothing. Stops at the first excess.
 */
export function* measureJson(text: string, bounds: Bounds): Work<Size> {
  const scan: Scan = { at: 0, isInString: false, isFresh: false, depth: 0, values: 0, stringAt: 0, openedAt: 0 };
  while (scan.at < text.length) {
    const bound = advance(text, scan, Math.min(scan.at + PAUSE_UNITS, text.length), bounds);
    if (bound) return { values: scan.values, excess: { bound, member: toMember(text, scan) } };
    yield;
  }
  return { values: scan.values, excess: undefined };
}

/**
 * Finds the first bound that an object exceeds, if any. Texts of members named `spelled` count as the JSON that they
 * spell. Iterative, so that no depth exhausts the stack; stops at the first excess, so that its time is bounded by
 * `values`.
 */
export function* findExcess(
  object: JsonObject,
  { levels, values }: Bounds,
  spelled?: string,
): Work<Excess | undefined> {
  const root = toStep(object);
  const path = [root];
  let left = values - root.length;
  let walked = 0;
  const toExcess = (bound: keyof Bounds): Excess => ({ bound, member: root.keys?.[root.taken - 1] });
  if (left < 0) return { bound: "values", member: undefined };
  for (let step = findOpen(path); step; step = findOpen(path)) {
    const held = takeNext(step);
    if (typeof held === "string" && spelled !== undefined && step.keys?.[step.taken - 1] === spelled) {
      const size = yield* measureJson(held, { levels, values: left });
      if (size.excess) return toExcess(size.excess.bound);
      left -= size.values;
    }
    if (typeof held !== "object" || held === null) continue;
    const next = toStep(held);
    if (++walked % PAUSE_EACH === 0) yield;
    left -= next.length;
    if (left >= 0 && path.length < levels) path.push(next);
    else return toExcess(left < 0 ? "values" : "levels");
  }
  return undefined;
}
