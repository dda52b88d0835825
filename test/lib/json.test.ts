/** JSON of unknown origin: guards, quiet parsing and bounds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findExcess, isObject, parseJson } from "../../src/lib/json.ts";
import { finish } from "../../src/lib/work.ts";

test("only objects in braces are objects", () => {
  for (const value of [{}, { a: 1 }, Object.create(null)]) assert.equal(isObject(value), true);
  for (const value of [null, undefined, [], "a", 1, true]) assert.equal(isObject(value), false);
});

test("a text that is JSON gives its value, and any other gives undefined", () => {
  assert.deepEqual(parseJson(' {"a":[1,null]} '), { a: [1, null] });
  assert.equal(parseJson("null"), null);
  for (const text of ["", "{", "{'a':1}", "undefined", "NaN", '{"a":1}x'])
    assert.equal(parseJson(text), undefined, text);
});

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
