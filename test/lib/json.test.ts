/** JSON of unknown origin: guards and quiet parsing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isObject, parseJson } from "../../src/lib/json.ts";

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
