/** Narrowing of request fields. Each function gives the value in its type or throws a 400 that names the field. */
import { ProxyError } from "../core/error.ts";
import { isObject, isWithinDepth } from "../lib/json.ts";
import type { JsonObject } from "../lib/json.ts";

/** Deepest nesting of a free-form object: schemas in use have about 20 levels. */
const MOST_LEVELS = 100;

/** What was found, in a few characters: enough to recognise it, never a whole prompt. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (!isWithinDepth(value, MOST_LEVELS)) return "a deeply nested value";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
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

/** An object of the client's own making, such as a schema. */
export function toFreeObject(value: unknown, path: string): JsonObject {
  const object = toObject(value, path);
  return isWithinDepth(object, MOST_LEVELS) ? object : refuse(path, `nested more than ${MOST_LEVELS} levels deep`);
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
