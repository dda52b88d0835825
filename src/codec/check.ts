/** Narrowing of request fields. Each function gives the value in its type or throws a 400 that names the field. */
import { ProxyError } from "../core/error.ts";
import { findExcess, isObject, parseJson } from "../lib/json.ts";
import type { Bounds, JsonObject } from "../lib/json.ts";

const MOST_SHOWN = 60;

/** What was found, in a few characters: enough to recognise it, never a whole prompt. Its time does not grow with the value. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "an array";
  if (isObject(value)) return "an object";
  if (typeof value !== "string") return String(value);
  const text = JSON.stringify(value.slice(0, MOST_SHOWN));
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 3)}...` : text;
}

/** Refuses a field. @throws ProxyError always. */
export function refuse(path: string, problem: string): never {
  throw new ProxyError("invalid_request", `Cannot read ${path}: ${problem}`, { param: path });
}

function refuseType(path: string, expected: string, value: unknown): never {
  return refuse(path, `expected ${expected}, got ${describe(value)}`);
}

/** Reads a field that may be absent or null. */
export function optional<T>(value: unknown, path: string, read: (value: unknown, path: string) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value, path);
}

export function toObject(value: unknown, path: string): JsonObject {
  return isObject(value) ? value : refuseType(path, "an object", value);
}

/**
 * Schemas in use have about 20 levels. 10,000 messages of one part each come to 60,000 values, a tool to about 100; of more
 * values than this, decoding takes longer than others can be made to wait.
 */
const BOUNDS: Bounds = { levels: 100, values: 250_000 };

/** Refuses an object that is nested too deep to be walked, or that holds too much to be walked in one go. */
function checkBounds(object: JsonObject, toPath: (member: string | undefined) => string): void {
  const excess = findExcess(object, BOUNDS);
  if (!excess) return;
  const { levels, values } = BOUNDS;
  const problem = excess.bound === "levels" ? `nested more than ${levels} levels deep` : `more than ${values} values`;
  refuse(toPath(excess.member), problem);
}

/** The body of a request. Its depth and size are checked here once, for all that is in it. */
export function toBody(value: unknown): JsonObject {
  const body = toObject(value, "body");
  checkBounds(body, (member) => member?.slice(0, MOST_SHOWN) ?? "body");
  return body;
}

/** An object that a client sent as JSON text, as it does a call's arguments; `undefined` for any other text. */
export function toObjectOfText(text: string, path: string): JsonObject | undefined {
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  checkBounds(value, () => path);
  return value;
}

/** Reads an array of at most `most` items. */
export function toList(most: number): (value: unknown, path: string) => readonly unknown[] {
  return (value, path) => {
    const list = toArray(value, path);
    return list.length <= most ? list : refuse(path, `expected at most ${most} items, got ${list.length}`);
  };
}

export function toArray(value: unknown, path: string): readonly unknown[] {
  return Array.isArray(value) ? value : refuseType(path, "an array", value);
}

export function toText(value: unknown, path: string): string {
  return typeof value === "string" ? value : refuseType(path, "a string", value);
}

export function toFilledText(value: unknown, path: string): string {
  return typeof value === "string" && value !== "" ? value : refuseType(path, "a non-empty string", value);
}

export function toBoolean(value: unknown, path: string): boolean {
  return typeof value === "boolean" ? value : refuseType(path, "true or false", value);
}

/** A whole number of at least 1. */
export function toCount(value: unknown, path: string): number {
  return Number.isSafeInteger(value) && Number(value) >= 1
    ? Number(value)
    : refuseType(path, "a whole number of at least 1", value);
}

/** Reads a field that holds one of some words. */
export function toOneOf<T extends string>(words: readonly T[]): (value: unknown, path: string) => T {
  return (value, path) => words.find((word) => word === value) ?? refuseType(path, `one of ${words.join(", ")}`, value);
}
