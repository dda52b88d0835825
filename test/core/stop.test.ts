/** Stop sequences: the same text and the same sequence, wherever the deltas were cut. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createStopCutter } from "../../src/core/stop.ts";

interface Ended {
  readonly text: string;
  readonly met: string | undefined;
}

/** What is shown of a text that comes in these deltas. */
function cut(deltas: readonly string[], sequences: readonly string[]): Ended {
  const cutter = createStopCutter(sequences);
  let shown = "";
  for (const delta of deltas) {
    const { text, met } = cutter.push(delta);
    shown += text;
    if (met !== undefined) return { text: shown, met };
  }
  return { text: shown + cutter.end(), met: undefined };
}

/** The rule: an answer ends at the first sequence that is complete; of two complete at once, at the longer. */
function cutByRule(text: string, sequences: readonly string[]): Ended {
  const found = sequences
    .filter((met) => text.includes(met))
    .map((met) => ({ met, end: text.indexOf(met) + met.length }))
    .sort((a, b) => a.end - b.end || b.met.length - a.met.length)[0];
  return found ? { text: text.slice(0, found.end - found.met.length), met: found.met } : { text, met: undefined };
}

/** Checks the rule for the whole text, every cut in two, and one character at a time. */
function checkEveryCut(text: string, sequences: readonly string[]): void {
  const expected = cutByRule(text, sequences);
  for (let at = 0; at <= text.length; at++) {
    const deltas = [text.slice(0, at), text.slice(at)];
    assert.deepEqual(cut(deltas, sequences), expected, `${JSON.stringify(deltas)} at ${JSON.stringify(sequences)}`);
  }
  assert.deepEqual(cut(text.split(""), sequences), expected, `${text} by characters at ${JSON.stringify(sequences)}`);
}

test("a text ends before the sequence, at every cut", () => {
  checkEveryCut("one two STOP three", ["STOP"]);
  checkEveryCut("STOP", ["STOP"]);
  checkEveryCut("ends with STOP", ["STOP"]);
  checkEveryCut("STOP begins", ["STOP"]);
});

test("a text without the sequence is shown whole, also where it ends in the beginning of one", () => {
  checkEveryCut("one two three", ["STOP"]);
  checkEveryCut("one two STO", ["STOP"]);
  checkEveryCut("SSSTSTO", ["STOP"]);
  checkEveryCut("", ["STOP"]);
});

test("a sequence that overlaps itself is found, at every cut", () => {
  checkEveryCut("aaab", ["aab"]);
  checkEveryCut("ababac tail", ["abac"]);
  checkEveryCut("\n\n\nUser:", ["\n\nUser:"]);
  checkEveryCut("xxyxxyxxz", ["xxyxxz"]);
});

test("of up to four sequences the one that is complete first ends the text", () => {
  checkEveryCut("alpha beta gamma delta", ["delta", "gamma", "beta"]);
  checkEveryCut("1. one\n2. two\n3. three", ["\n4", "\n3", "END", "###"]);
  checkEveryCut("say </done> now", ["</stop>", "</end>", "</done>", "<br>"]);
});

test("sequences that share a beginning are told apart, at every cut", () => {
  checkEveryCut("<tool>x", ["<tool>", "<task>"]);
  checkEveryCut("<task>x", ["<tool>", "<task>"]);
  checkEveryCut("<ta<tool>x", ["<tool>", "<task>"]);
});

test("sequences that end at one place give the longer, whichever is listed first", () => {
  checkEveryCut("x abc", ["bc", "abc"]);
  checkEveryCut("x abc", ["abc", "bc"]);
});

test("a sequence inside another ends the text alike, however the deltas are cut", () => {
  checkEveryCut("xabcd", ["abcd", "bc"]);
  checkEveryCut("xabc", ["abc", "ab"]);
  checkEveryCut("one\n\nUser:", ["\n\nUser:", "\n\n"]);
});

test("sequences and texts of emoji are cut at every UTF-16 unit", () => {
  checkEveryCut("a 👩‍👩‍👧 b 🎉 c", ["🎉"]);
  checkEveryCut("👍👎👍👎👏", ["👎👏"]);
  checkEveryCut("日本語。次", ["。"]);
});

test("only what may begin a sequence is held back", () => {
  const cutter = createStopCutter(["STOP"]);
  assert.deepEqual(cutter.push("one S"), { text: "one " });
  assert.deepEqual(cutter.push("o"), { text: "So" });
  assert.deepEqual(cutter.push("STO"), { text: "" });
  assert.deepEqual(cutter.push("STO"), { text: "STO" });
  assert.equal(cutter.end(), "STO");
  assert.equal(cutter.end(), "");
});

test("without sequences nothing is held back", () => {
  const cutter = createStopCutter([]);
  assert.deepEqual(cutter.push("anything\n"), { text: "anything\n" });
  assert.equal(cutter.end(), "");
});

test("all short texts of two letters obey the rule, for all pairs of short sequences", () => {
  const words = (length: number): string[] =>
    length === 0 ? [""] : words(length - 1).flatMap((word) => [`${word}a`, `${word}b`]);
  const sequences = [1, 2, 3].flatMap(words);
  for (const text of words(5)) {
    for (const one of sequences)
      for (const other of sequences) assert.deepEqual(cut(text.split(""), [one, other]), cutByRule(text, [one, other]));
  }
});
