/** Settings that several protocols have, each under its own name. */
import type { Effort } from "../core/turn.ts";
import type { JsonObject } from "../lib/json.ts";
import { refuse, toArray, toFilledText, toFreeObject, toOneOf } from "./check.ts";

/** OpenAI's and Anthropic's efforts. */
const EFFORTS: Readonly<Record<string, Effort>> = {
  none: "low",
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "xhigh",
  max: "max",
};

export function toEffort(value: unknown, path: string): Effort | undefined {
  return EFFORTS[toOneOf(Object.keys(EFFORTS))(value, path)];
}

/** The JSON Schema of an answer. */
export function toSchema(value: unknown, path: string): JsonObject {
  const schema = toFreeObject(value, path);
  return schema["type"] === "object"
    ? schema
    : refuse(`${path}.type`, 'expected "object": an answer is one JSON object');
}

/** Reads a list of stop sequences. */
export function toStopList(most: number): (value: unknown, path: string) => string[] {
  return (value, path) => {
    const list = toArray(value, path);
    if (list.length > most) refuse(path, `expected at most ${most} sequences`);
    return list.map((held, at) => toFilledText(held, `${path}[${at}]`));
  };
}

/** Names of the fields that were set and are not among the known; a null asks for nothing. */
export function toIgnored(fields: JsonObject, known: ReadonlySet<string>, prefix = ""): string[] {
  return Object.keys(fields)
    .filter((name) => !known.has(name) && fields[name] !== null && fields[name] !== undefined)
    .map((name) => prefix + name);
}

/** Refuses a field that is set, whatever to. */
export function refuseSet(fields: JsonObject, name: string, problem: string): void {
  if (fields[name] !== undefined && fields[name] !== null) refuse(name, problem);
}
