/** JSON in parts, and one text for equal values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson } from "../../src/lib/json.ts";
import { spellJson } from "../../src/lib/spell.ts";

const toCanonical = (value: unknown): string => [...spellJson(value, { isSorted: true })].join("");

test("equal values have equal texts, whatever the order of their keys", () => {
  const one = { b: [{ y: 1, x: 2 }], a: { d: null, c: "x" } };
  const other = { a: { c: "x", d: null }, b: [{ x: 2, y: 1 }] };
  assert.equal(toCanonical(one), toCanonical(other));
  assert.equal(toCanonical(one), '{"a":{"c":"x","d":null},"b":[{"x":2,"y":1}]}');
});

test("values that differ have different texts", () => {
  const values = [
    1,
    "1",
    [1],
    { a: 1 },
    { a: "1" },
    { a: [1] },
    [[1]],
    null,
    "null",
    {},
    [],
    "",
    { a: null },
    [1, 2],
    [2, 1],
  ];
  assert.equal(new Set(values.map(toCanonical)).size, values.length);
});

test("a key such as __proto__ is a key like any other", () => {
  const value = JSON.parse('{"b":1,"__proto__":{"y":1,"x":2},"a":1}') as unknown;
  assert.equal(toCanonical(value), '{"__proto__":{"x":2,"y":1},"a":1,"b":1}');
});

test("the text of a value spells that value", () => {
  const value = { z: "👩‍👩‍👧", y: [true, { b: 1.5e300, a: -0.1 }], x: "\u2028\n" };
  assert.deepEqual(parseJson(toCanonical(value)), value);
});

test("the parts of a value's JSON make the text that JSON.stringify gives", () => {
  const long = `${"a".repeat(300_000)}😀"\n\ud800 ${"é".repeat(10)}`;
  const values = [
    null,
    1.5,
    "",
    'a"b',
    [],
    {},
    [[], [1, [2]]],
    { a: undefined, b: [undefined, null], "c\n": { d: long } },
    long,
  ];
  for (const value of values) assert.equal([...spellJson(value)].join(""), JSON.stringify(value));
});

test("a value of any depth is spelled", () => {
  const text = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  assert.equal([...spellJson(JSON.parse(text))].join(""), text);
});
