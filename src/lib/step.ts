/** A step of the walk through a JSON value: its children one after the other, so that no depth exhausts the stack. */
import type { JsonObject } from "./json.ts";

/** An object or array on the way to the value that is looked at. */
export interface Step {
  readonly holder: JsonObject | readonly unknown[];
  /**
   * Undefined for an array. `Object.values` of an object with very many keys takes four times as long as its keys do.
   */
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  /** Children that were taken. */
  taken: number;
}

/** Begins with an object or array. `listKeys` chooses an object's members and their order. */
export function toStep(holder: object, listKeys: (object: JsonObject) => readonly string[] = Object.keys): Step {
  if (Array.isArray(holder)) return { holder, keys: undefined, length: holder.length, taken: 0 };
  const keys = listKeys(holder as JsonObject);
  return { holder: holder as JsonObject, keys, length: keys.length, taken: 0 };
}

/** Objects and arrays that are walked between two pauses of a work: a part of a millisecond. */
export const PAUSE_EACH = 256;

/** The innermost step of a path that has a child left, those inside it taken off; undefined when the walk is over. */
export function findOpen(path: Step[]): Step | undefined {
  let step = path.at(-1);
  while (step && step.taken === step.length) {
    path.pop();
    step = path.at(-1);
  }
  return step;
}

/** Takes the next child, of which there has to be one. */
export function takeNext(step: Step): unknown {
  const at = step.taken++;
  const { holder, keys } = step;
  return keys ? (holder as JsonObject)[keys[at] as string] : (holder as readonly unknown[])[at];
}
