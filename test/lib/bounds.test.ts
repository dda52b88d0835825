/** Bounds of JSON: of values, and of texts before they are parsed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findExcess, measureJson } from "../../src/lib/bounds.ts";
import type { Bounds } from "../../src/lib/bounds.ts";
import { finish } from "../../src/lib/work.ts";
import { measureCpuMs } from "../helpers/cpu.ts";

test("an object that is too deep is found, however deep, with the member that is; one at the bound is not", () => {
  const toDeep = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
  const bounds = { levels: 100, values: 1000 };
  assert.equal(finish(findExcess({ a: [1], b: toDeep(99), c: 1 }, bounds)), undefined);
  for (const levels of [100, 100_000])
    assert.deepEqual(finish(findExcess({ a: [1], b: toDeep(levels), c: 1 }, bounds)), { bound: "levels", member: "b" });
});

test("an object that holds too much is found, with the member that passes the bound; one at the bound is not", () => {
  const bounds = { levels: 10, values: 5 };
  for (const held of [
    { a: [1, 2, 3, 4] },
    { a: [1, 2], b: [{}] },
    { a: [[[[[]]]]] },
    { a: "a long text", b: null },
    {},
  ])
    assert.equal(finish(findExcess(held, bounds)), undefined, JSON.stringify(held));
  assert.deepEqual(finish(findExcess({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }, bounds)), {
    bound: "values",
    member: undefined,
  });
  for (const held of [
    { a: [1, 2], b: [{ c: 1 }] },
    { a: [], b: [1, 2, 3, 4] },
    { a: 1, b: { c: { d: { e: { f: 1 } } } } },
  ])
    assert.deepEqual(finish(findExcess(held, bounds)), { bound: "values", member: "b" }, JSON.stringify(held));
});

test("a text counts as the JSON it spells where its member's name says so", () => {
  const find = (name: string | undefined, ...texts: readonly string[]) =>
    finish(findExcess({ a: texts.map((text) => ({ spelled: text })) }, { levels: 3, values: 6 }, name));
  assert.equal(find("spelled", "[1,2,3]"), undefined);
  for (const name of ["other", undefined]) assert.equal(find(name, "[1,2,3,4]"), undefined);
  assert.deepEqual(find("spelled", "[1,2,3,4]"), { bound: "values", member: "a" });
  assert.deepEqual(find("spelled", "[1]", "[1]"), { bound: "values", member: "a" });
  assert.deepEqual(find("spelled", "[[[[]]]]"), { bound: "levels", member: "a" });
});

const AMPLE: Bounds = { levels: 100, values: 250_000 };
const measure = (text: string, bounds = AMPLE) => finish(measureJson(text, bounds));
/** The members and items of a value, all together. */
function countValues(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const held: unknown[] = Object.values(value);
  return held.reduce((sum: number, each) => sum + countValues(each), held.length);
}

test("a text has the values that its parsed value has, whatever its strings and its spaces hold", () => {
  for (const value of [
    1,
    "[,{",
    [],
    {},
    [[], {}, [[]]],
    { a: [1, "two", null, { b: [] }], "c,[": '"\\"[,\\\\' },
    { text: `${"long ".repeat(20)}"[,]\\`, escapes: "\\".repeat(51), quotes: '"'.repeat(99), end: "é👩‍👩‍👧" },
    Array.from({ length: 1000 }, (_, at) => ({ [`${"\\".repeat(at % 30)}"`]: "x".repeat(at % 60) })),
  ]) {
    for (const text of [JSON.stringify(value), JSON.stringify(value, undefined, 3), `\n\t ${JSON.stringify(value)} `])
      assert.deepEqual(measure(text), { values: countValues(value), excess: undefined }, text.slice(0, 200));
  }
});

test("a text that is too deep or holds too much is found with the member that is, without reading on", () => {
  const bounds = { levels: 3, values: 5 };
  const excessOf = (text: string) => measure(text, bounds).excess;
  assert.equal(excessOf('{"a":[[]],"b":[1,2]}'), undefined);
  assert.deepEqual(excessOf('{"a":"b","c\\u0064" : [[['), { bound: "levels", member: "cd" });
  assert.deepEqual(excessOf('{"a":[1,2],"b":["c",{"d":1'), { bound: "values", member: "b" });
  assert.deepEqual(excessOf('{"a":[],"b":{"c":1,"d":2,"e":3,"f":4'), { bound: "values", member: "b" });
  assert.deepEqual(excessOf('{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6'), { bound: "values", member: undefined });
  assert.deepEqual(excessOf('["a",[[['), { bound: "levels", member: undefined });
  assert.deepEqual(excessOf("[1,2,3,4,5,6"), { bound: "values", member: undefined });
});

test("a text that is no JSON is measured to its end, or to an excess", () => {
  for (const text of ["", "]]]]", '"', '"\\', '"\\"', "{,}", `"${"\\".repeat(100)}`, 'x"y', '{"a":['])
    assert.equal(measure(text).excess, undefined, text);
});

test("the time of measuring grows with the text alone, whatever it holds", () => {
  // Quadratic time would be minutes.
  for (const part of ['\\"', "\\\\", " ", "x"])
    for (const begin of ["", '"']) {
      const text = begin + part.repeat(4_000_000);
      assert.ok(measureCpuMs(() => measure(text)) < 3000);
    }
});
