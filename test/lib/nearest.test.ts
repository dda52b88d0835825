/** The word that was meant. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findNearest } from "../../src/lib/nearest.ts";

const KNOWN = ["port", "host", "print", "log-level", "log-file"];

test("a letter missing, added, changed or swapped finds the word", () => {
  for (const word of ["prot", "por", "pport", "pory"]) assert.equal(findNearest(word, KNOWN), "port", word);
  assert.equal(findNearest("log-levle", KNOWN), "log-level");
});

test("a word that is far from all, or too short to tell, finds none", () => {
  for (const word of ["nonsense", "x", "", "lo"]) assert.equal(findNearest(word, KNOWN), undefined, word);
});
