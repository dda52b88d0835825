/** Lines of a given width. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wrapText } from "../../src/lib/wrap.ts";

test("a text is broken at spaces before the width, and each further line begins at the indent", () => {
  assert.equal(wrapText("one two three four", 12, 4), "one two\n    three\n    four");
  assert.equal(wrapText("one two", 11, 4), "one two");
  assert.equal(wrapText("", 10, 2), "");
});

test("a word longer than a line stays whole, and without a width nothing is broken", () => {
  assert.equal(wrapText("at /a/long/path here", 8, 2), "at\n  /a/long/path\n  here");
  assert.equal(wrapText("a b c", Infinity, 2), "a b c");
});
