/** Settings that several protocols have, each under its own name. */
import { DEFAULT_THINKING } from "../core/turn.ts";
import type { Effort, Thinking } from "../core/turn.ts";
import type { JsonObject } from "../lib/json.ts";
import { refuse, toArray, toFilledText, toObject, toOneOf } from "./check.ts";

/** OpenAI's and Anthropic's efforts; `none` is an answer without thinking. */
const EFFORTS: Readonly<Record<string, Effort | "none">> = {
  none: "none",
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "xhigh",
  max: "max",
};

/** How hard the model is to think, and whether it is to think at all. */
export interface EffortSetting {
  readonly effort: Effort | undefined;
  readonly thinking: Thinking;
}

/** The setting of a request that names no effort. */
export const DEFAULT_EFFORT: EffortSetting = { effort: undefined, thinking: DEFAULT_THINKING };

/** Reads an effort; `mode` is what asking for one says about showing the thinking. @throws ProxyError for another word. */
export function toEffortSetting(value: unknown, path: string, mode: "default" | "shown"): EffortSetting {
  const effort = EFFORTS[toOneOf(Object.keys(EFFORTS))(value, path)];
  return effort === "none" || effort === undefined
    ? { effort: undefined, thinking: { mode: "off" } }
    : { effort, thinking: { mode } };
}

/** The JSON Schema of an answer. */
export function toSchema(value: unknown, path: string): JsonObject {
  const schema = toObject(value, path);
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
