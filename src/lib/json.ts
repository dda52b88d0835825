/** JSON of unknown origin: parsing without a throw, guards and bounds. */
import type { Work } from "./work.ts";
import { findOpen, PAUSE_EACH, takeNext, toStep } from "./step.ts";

/** A JSON object whose members are not known yet. */
export type JsonObject = { readonly [key: string]: unknown };

/** True for `{…}`: not null, not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value if it is a text, and an empty one for any other. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The value if it is a number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The value a text spells, or `undefined` when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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

/**
 * Finds the first bound that an object exceeds, if any. Iterative, so that no depth exhausts the stack; stops at the
 * first excess, so that its time is bounded by `values`.
 */
export function* findExcess(object: JsonObject, { levels, values }: Bounds): Work<Excess | undefined> {
  const root = toStep(object);
  const path = [root];
  let left = values - root.length;
  let walked = 0;
  if (left < 0) return { bound: "values", member: undefined };
  for (let step = findOpen(path); step; step = findOpen(path)) {
    const held = takeNext(step);
    if (typeof held !== "object" || held === null) continue;
    const next = toStep(held);
    if (++walked % PAUSE_EACH === 0) yield;
    left -= next.length;
    if (left >= 0 && path.length < levels) path.push(next);
    else return { bound: left < 0 ? "values" : "levels", member: root.keys?.[root.taken - 1] };
  }
  return undefined;
}
