/** Reading of request fields. Whatever does not fit is a 400 that names the field by its path. */
import { ProxyError } from "../core/error.ts";
import { findExcess, measureJson } from "../lib/bounds.ts";
import type { Bounds, Excess } from "../lib/bounds.ts";
import { isObject, parseJson } from "../lib/json.ts";
import type { JsonObject } from "../lib/json.ts";
import { finish } from "../lib/work.ts";
import type { Work } from "../lib/work.ts";

/**
 * Gives a value in its type. `path` is where the request has it. @throws ProxyError `invalid_request` naming the path.
 */
export type Reader<T> = (value: unknown, path: string) => T;

const MOST_SHOWN = 60;

/**
 * A wrong value in a few characters: enough to recognise it, never a whole prompt. Its time does not grow with the
 * value.
 */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "an array";
  if (isObject(value)) return "an object";
  if (typeof value !== "string") return String(value);
  const text = JSON.stringify(value.slice(0, MOST_SHOWN));
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 3)}...` : text;
}

/** Refuses a field. @throws ProxyError `invalid_request` always. */
export function refuse(path: string, problem: string): never {
  throw new ProxyError("invalid_request", `Cannot read ${path}: ${problem}`, { param: path });
}

function refuseType(path: string, expected: string, value: unknown): never {
  return refuse(path, `expected ${expected}, got ${describe(value)}`);
}

/** Reads a value that may be absent or null: both give undefined. */
export function optional<T>(value: unknown, path: string, read: Reader<T>): T | undefined {
  return value === undefined || value === null ? undefined : read(value, path);
}

/** One object of a request, read field by field: each name stands once, where the field is read. */
export interface Fields {
  /** The object as it came. */
  readonly object: JsonObject;
  /** Path of the object in the request; empty for the body itself. */
  readonly path: string;
  /** Path of one of its fields in the request. */
  pathOf(name: string): string;
  required<T>(name: string, read: Reader<T>): T;
  /** Undefined where the field is absent or null. */
  optional<T>(name: string, read: Reader<T>): T | undefined;
  /** Refuses a field that does not fit, and needs its value no further. */
  check(name: string, read: Reader<unknown>): void;
  /** Takes fields that are allowed to be there and ask for nothing, whatever they hold. */
  accept(...names: readonly string[]): void;
  /** Refuses a field that is there and neither null nor `harmless`, with these words. */
  refuse(name: string, problem: string, harmless?: unknown): void;
  /** Paths of the fields that are there, not null, and neither read nor accepted so far. */
  unread(): string[];
}

/** Makes the reader of one object; `path` is where the request has it, and empty for the body. */
export function createFields(object: JsonObject, path: string): Fields {
  const read = new Set<string>();
  const pathOf = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const isSet = (name: string): boolean => object[name] !== undefined && object[name] !== null;
  return {
    object,
    path,
    pathOf,
    required(name, reader) {
      read.add(name);
      return reader(object[name], pathOf(name));
    },
    optional(name, reader) {
      read.add(name);
      return optional(object[name], pathOf(name), reader);
    },
    check(name, reader) {
      read.add(name);
      optional(object[name], pathOf(name), reader);
    },
    accept(...names) {
      for (const name of names) read.add(name);
    },
    refuse(name, problem, harmless) {
      read.add(name);
      if (isSet(name) && object[name] !== harmless) refuse(pathOf(name), problem);
    },
    unread: () =>
      Object.keys(object)
        .filter((name) => !read.has(name) && isSet(name))
        .map(pathOf),
  };
}

/** Reads an object, whose fields are then read one by one. */
export const toFields: Reader<Fields> = (value, path) => createFields(toObject(value, path), path);

/** Reads an array of at most `most` items, each with its own path, and may pause after each. */
export function toLongListOf<T>(most: number, read: Reader<T>): Reader<Work<T[]>> {
  const toItems = toList(most);
  return function* (value, path) {
    const made: T[] = [];
    for (const [at, held] of toItems(value, path).entries()) {
      made.push(read(held, `${path}[${at}]`));
      yield;
    }
    return made;
  };
}

/** Reads an array of at most `most` items, each with its own path. */
export function toListOf<T>(most: number, read: Reader<T>): Reader<T[]> {
  const toItems = toLongListOf(most, read);
  return (value, path) => finish(toItems(value, path));
}

/**
 * Schemas in use have about 20 levels. 10,000 messages of one part each come to 60,000 values, a tool to about 100; of
 * more values than this, one request would keep a core busy for seconds.
 */
const BOUNDS: Bounds = { levels: 100, values: 250_000 };

function refuseExcess(path: string, { bound }: Excess): never {
  const { levels, values } = BOUNDS;
  return refuse(path, bound === "levels" ? `nested more than ${levels} levels deep` : `more than ${values} values`);
}

const toMemberPath = ({ member }: Excess): string => member?.slice(0, MOST_SHOWN) ?? "body";

/** Refuses the text of a body whose value would be nested too deep, or hold too much: before it takes the memory. */
export function* checkBodyText(text: string): Work<void> {
  const { excess } = yield* measureJson(text, BOUNDS);
  if (excess) refuseExcess(toMemberPath(excess), excess);
}

/** Reads a body of which nothing that is nested is looked at. */
export function toFlatBody(value: unknown): Fields {
  return createFields(toObject(value, "body"), "");
}

/** The field of a call, in any protocol, that may be JSON as a text. */
const SPELLED = "arguments";

/**
 * Reads the body of a request. Its depth and size are checked here once, for all that is in it: also for what the
 * arguments of calls hold, which are still texts.
 */
export function* toBody(value: unknown): Work<Fields> {
  const body = toFlatBody(value);
  const excess = yield* findExcess(body.object, BOUNDS, SPELLED);
  return excess ? refuseExcess(toMemberPath(excess), excess) : body;
}

/** An object that a client sent as JSON text, as it does a call's arguments; `undefined` for any other text. */
export function toObjectOfText(text: string, path: string): JsonObject | undefined {
  const { excess } = finish(measureJson(text, BOUNDS));
  if (excess) refuseExcess(path, excess);
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}

/** Reads an object: not null, not an array. */
export function toObject(value: unknown, path: string): JsonObject {
  return isObject(value) ? value : refuseType(path, "an object", value);
}

/** Reads an array of at most `most` items, whatever they are. */
export function toList(most: number): Reader<readonly unknown[]> {
  return (value, path) => {
    const list = toArray(value, path);
    return list.length <= most ? list : refuse(path, `expected at most ${most} items, got ${list.length}`);
  };
}

/** Reads an array; its length is bounded by that of the body alone. */
export function toArray(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuseType(path, "an array", value);
}

/** Reads a string, which may be empty. */
export function toText(value: unknown, path: string): string {
  return typeof value === "string" ? value : refuseType(path, "a string", value);
}

/** Reads a string of at least one character. */
export function toFilledText(value: unknown, path: string): string {
  return typeof value === "string" && value !== "" ? value : refuseType(path, "a non-empty string", value);
}

/** Reads true or false. */
export function toBoolean(value: unknown, path: string): boolean {
  return typeof value === "boolean" ? value : refuseType(path, "true or false", value);
}

/** Reads a whole number of at least 1. */
export function toCount(value: unknown, path: string): number {
  return Number.isSafeInteger(value) && Number(value) >= 1
    ? Number(value)
    : refuseType(path, "a whole number of at least 1", value);
}

const USUAL_PAGE = 20;

/** Reads `limit` of a query: the most items of a page, at most `largest`; 20 without it. */
export function readLimit(query: URLSearchParams, largest: number): number {
  const limit = Number(query.get("limit") ?? USUAL_PAGE);
  if (Number.isInteger(limit) && limit >= 1 && limit <= largest) return limit;
  return refuse("limit", `expected a whole number from 1 to ${largest}`);
}

/** Reads a number within these bounds. */
export function toNumber(least: number, most: number): Reader<number> {
  return (value, path) =>
    typeof value === "number" && value >= least && value <= most
      ? value
      : refuseType(path, `a number from ${least} to ${most}`, value);
}

/** Reads a field that holds one of some words. */
export function toOneOf<T extends string>(words: readonly T[]): Reader<T> {
  return (value, path) => words.find((word) => word === value) ?? refuseType(path, `one of ${words.join(", ")}`, value);
}
