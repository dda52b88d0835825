/** Settings that several protocols have, each under its own name. */
import { DEFAULT_THINKING } from "../core/turn.ts";
import type { Effort, Thinking } from "../core/turn.ts";
import type { JsonObject } from "../lib/json.ts";
import { refuse, toFilledText, toArray, toObject, toOneOf } from "./field.ts";
import type { Reader } from "./field.ts";

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

/** The effort of the model's thinking, and whether it thinks at all. */
export interface EffortSetting {
  readonly effort: Effort | undefined;
  readonly thinking: Thinking;
}

/** The setting of a request that names no effort. */
export const DEFAULT_EFFORT: EffortSetting = { effort: undefined, thinking: DEFAULT_THINKING };

const toEffortWord = toOneOf(Object.keys(EFFORTS));

/** Reads an effort; `mode` is what asking for one says about showing the thinking. */
export function toEffortSetting(mode: "default" | "shown"): Reader<EffortSetting> {
  return (value, path) => {
    const effort = EFFORTS[toEffortWord(value, path)];
    return effort === "none" || effort === undefined
      ? { effort: undefined, thinking: { mode: "off" } }
      : { effort, thinking: { mode } };
  };
}

/** Reads the JSON Schema of an answer, which must describe an object. */
export const toSchema: Reader<JsonObject> = (value, path) => {
  const schema = toObject(value, path);
  return schema["type"] === "object"
    ? schema
    : refuse(`${path}.type`, 'expected "object": an answer is one JSON object');
};

/** Reads one stop sequence, or a list of at most `most`, none of them empty. */
export function toStops(most: number): Reader<string[]> {
  const toList = toStopList(most);
  return (value, path) => (typeof value === "string" ? [toFilledText(value, path)] : toList(value, path));
}

/** Reads a list of at most `most` stop sequences, none of them empty. */
export function toStopList(most: number): Reader<string[]> {
  return (value, path) => {
    const list = toArray(value, path);
    if (list.length > most) refuse(path, `expected at most ${most} sequences`);
    return list.map((held, at) => toFilledText(held, `${path}[${at}]`));
  };
}
