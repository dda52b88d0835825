/** Breaks JSON values and texts as bugs and attackers do; the same break for the same random numbers. */
import { isObject } from "../../src/lib/json.ts";
import type { Random } from "./random.ts";

/** Where a value stands in another: the keys that lead to it. */
type Path = readonly (string | number)[];

const LONG = 5000;
const DEEP = 200;

const HOSTILE: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, "", " ", "\u0000", "\ud800", "__proto__", "constructor", "x".repeat(LONG)],
  ...[[], [[]], [null], {}, { type: "constructor" }, { type: null }, { length: 3 }, { toString: 1, valueOf: null }],
  JSON.parse('{"__proto__":{"type":"text"}}') as unknown,
  JSON.parse("[".repeat(DEEP) + "]".repeat(DEEP)) as unknown,
];

function toPaths(value: unknown, path: Path = []): Path[] {
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : isObject(value)
      ? Object.entries(value)
      : [];
  return [...(path.length > 0 ? [path] : []), ...entries.flatMap(([key, held]) => toPaths(held, [...path, key]))];
}

const read = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((held, key) => (held as Record<string | number, unknown>)[key], value);

/** A copy with something else, or nothing where `by` is undefined, at a path. */
function replace(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((held: unknown, at) => (at === key ? replace(held, rest, by) : held));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, held]) =>
      name !== key ? [[name, held]] : rest.length === 0 && by === undefined ? [] : [[name, replace(held, rest, by)]],
    ),
  );
}

/** What a value may be changed to, given any other value of the same body. */
const CHANGES: readonly ((held: unknown, other: unknown, random: Random) => unknown)[] = [
  (_held, _other, random) => random.pick(HOSTILE),
  () => undefined,
  (_held, other) => other,
  (held) => [held],
  (held) => (Array.isArray(held) ? [...held, ...held] : [held, held]),
  (held) => (Array.isArray(held) ? held.toReversed() : String(held)),
  (held) => (typeof held === "string" ? held.toUpperCase() : { type: "text", text: held }),
];

/** A copy of a body that is changed in one to three places. */
export function mutate(body: unknown, random: Random): unknown {
  let mutated = body;
  for (let left = random.pick([1, 1, 1, 2, 3]); left > 0; left--) {
    const paths = toPaths(mutated);
    if (paths.length === 0) return mutated;
    const path = random.pick(paths);
    const change = random.pick(CHANGES);
    mutated = replace(mutated, path, change(read(mutated, path), read(mutated, random.pick(paths)), random));
  }
  return mutated;
}

/** A copy of bytes that is cut, has a byte changed, or has bytes put in. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  const junk = Buffer.from([random.below(256), random.below(256)]);
  return random.pick([
    () => head,
    () => Buffer.concat([head, junk, tail.subarray(1)]),
    () => Buffer.concat([head, Buffer.from(random.pick(["\u0000", "}", '"', "\\u12", ",", "\ufeff"])), tail]),
    () => Buffer.concat([bytes, bytes]),
  ])();
}
