/** JSON as a text in parts, so that spelling a large value can pause; and one text for equal values. */
import type { JsonObject } from "./json.ts";
import { toSlices } from "./slice.ts";

/** `Array.isArray`, which narrows to an array of unknown values that nobody changes. */
const isArray = (value: object): value is readonly unknown[] => Array.isArray(value);

/** An object's or array's children, on the way to its end. */
interface Spelling {
  readonly values: readonly unknown[];
  /** Undefined for an array. */
  readonly keys: readonly string[] | undefined;
  at: number;
}

function toSpelling(holder: JsonObject | readonly unknown[], isSorted: boolean): Spelling {
  if (isArray(holder)) return { values: holder, keys: undefined, at: 0 };
  // As JSON.stringify does, members without a value are left out.
  const keys = Object.keys(holder).filter((key) => holder[key] !== undefined);
  if (isSorted) keys.sort();
  return { values: keys.map((key) => holder[key]), keys, at: 0 };
}

function* spellText(text: string): Generator<string, void> {
  yield '"';
  for (const slice of toSlices(text)) yield JSON.stringify(slice).slice(1, -1);
  yield '"';
}

/** Longest text that is spelled at once. */
const SHORT = 4096;

/**
 * JSON in parts, so that spelling a large value can pause. Joined, they are what `JSON.stringify` gives for plain
 * data. `isSorted` puts the keys of every object in order, so that equal values have equal texts. Iterative: no depth
 * exhausts the stack.
 */
export function* spellJson(value: unknown, { isSorted = false } = {}): Generator<string, void> {
  const path: Spelling[] = [];
  for (let held = value; ;) {
    if (typeof held === "string" && held.length > SHORT) yield* spellText(held);
    else if (typeof held !== "object" || held === null) yield JSON.stringify(held) ?? "null";
    else {
      path.push(toSpelling(held as JsonObject, isSorted));
      yield Array.isArray(held) ? "[" : "{";
    }
    let holder = path.at(-1);
    while (holder && holder.at === holder.values.length) {
      yield holder.keys ? "}" : "]";
      path.pop();
      holder = path.at(-1);
    }
    if (!holder) return;
    const at = holder.at++;
    const comma = at > 0 ? "," : "";
    yield holder.keys ? `${comma}${JSON.stringify(holder.keys[at])}:` : comma;
    held = holder.values[at];
  }
}
