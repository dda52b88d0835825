/** JSON as a text in parts, so that spelling a large value can pause; and one text for equal values. */
import type { JsonObject } from "./json.ts";
import { toSlices } from "./slice.ts";
import { takeNext, toStep } from "./step.ts";
import type { Step } from "./step.ts";

/** As `JSON.stringify` does, members without a value are left out. */
const listSpelled = (object: JsonObject): string[] => Object.keys(object).filter((key) => object[key] !== undefined);

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
  const listKeys = isSorted ? (object: JsonObject) => listSpelled(object).sort() : listSpelled;
  const path: Step[] = [];
  for (let held = value; ;) {
    if (typeof held === "string" && held.length > SHORT) yield* spellText(held);
    else if (typeof held !== "object" || held === null) yield JSON.stringify(held) ?? "null";
    else {
      path.push(toStep(held, listKeys));
      yield Array.isArray(held) ? "[" : "{";
    }
    let holder = path.at(-1);
    while (holder && holder.taken === holder.length) {
      yield holder.keys ? "}" : "]";
      path.pop();
      holder = path.at(-1);
    }
    if (!holder) return;
    const comma = holder.taken > 0 ? "," : "";
    yield holder.keys ? `${comma}${JSON.stringify(holder.keys[holder.taken])}:` : comma;
    held = takeNext(holder);
  }
}
