/** Members taken out of JSON files, and put back: comments, and every other byte, stay. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EditError } from "../../../../src/commands/connect/edit/edit.ts";
import { restore, withRestored } from "../../../../src/commands/connect/edit/unset.ts";

test("a member is taken out with its comma and its line, and comments stay", () => {
  for (const [text, path, expected] of [
    ['{ "x": 1 }', ["x"], "{  }"],
    ['{ "x": 1, "a": 2 }', ["x"], '{  "a": 2 }'],
    ['{ "a": 2, "x": 1 }', ["x"], '{ "a": 2  }'],
    ['{\n  "a": 1,\n  "x": 2\n}', ["x"], '{\n  "a": 1\n}'],
    ['{\n  "a": 1,\n  "x": 2,\n}', ["x"], '{\n  "a": 1,\n}'],
    ['{\r\n  "x": 2,\r\n  "a": 1\r\n}', ["x"], '{\r\n  "a": 1\r\n}'],
    ['{\n  "a": 1, // one\n  "x": 2 // two\n}', ["x"], '{\n  "a": 1 // one\n   // two\n}'],
    ['{ "x": 1 /* , */, "a": 2 }', ["x"], '{  /* , */ "a": 2 }'],
    ['{ "a": 1 /* , */, "x": 2 }', ["x"], '{ "a": 1 /* , */  }'],
    ["[\n  1,\n  2\n]", [1], "[\n  1\n]"],
    ["{ a: { l: [1, 'x', 3,], } }", ["a", "l", 1], "{ a: { l: [1,  3,], } }"],
    ['{ "x": 0, "x": 1 }', ["x"], '{ "x": 0  }'],
  ] as const)
    assert.equal(restore(text, { path, value: undefined }), expected, text);
});

test("a value is put back in the place of another", () => {
  assert.equal(restore('{ "x": { "new": 1 } } // end', { path: ["x"], value: 3 }), '{ "x": 3 } // end');
  assert.equal(restore("[1, 2, 3]", { path: [1], value: "two" }), '[1, "two", 3]');
  assert.throws(() => restore("{}", { path: ["x", "y"], value: 1 }), EditError);
});

test("the value that comes of it is told ahead", () => {
  const value = { a: [1, 2, 3], b: { c: 4 }, __proto__x: 1 };
  assert.deepEqual(withRestored(value, { path: ["a", 1], value: undefined }), { ...value, a: [1, 3] });
  assert.deepEqual(withRestored(value, { path: ["b", "c"], value: 5 }), { ...value, b: { c: 5 } });
});
