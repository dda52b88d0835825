/** Differences of texts by lines: hunks that make the one of the other, and few of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { diffLines, formatHunks } from "../../src/lib/diff.ts";
import { createRandom } from "../helpers/random.ts";

function apply(before: readonly string[], hunks: ReturnType<typeof diffLines>): string[] {
  const lines = [...before];
  for (const hunk of hunks.toReversed()) lines.splice(hunk.oldAt, hunk.before.length, ...hunk.after);
  return lines;
}

test("the hunks make the new lines of the old ones, for any two texts", () => {
  const random = createRandom(7);
  const toLines = (): string[] => Array.from({ length: random.below(12) }, () => "abc".charAt(random.below(3)));
  for (let round = 0; round < 500; round++) {
    const [before, after] = [toLines(), toLines()];
    const hunks = diffLines(before, after);
    assert.deepEqual(apply(before, hunks), after, JSON.stringify([before, after]));
    if (before.join() === after.join()) assert.deepEqual(hunks, []);
  }
});

test("a line in the middle is one hunk, shown with what stands around it", () => {
  const before = ["a", "b", "c", "d", "e", "f"];
  const hunks = diffLines(before, ["a", "b", "c", "x", "d", "e", "f"]);
  assert.deepEqual(hunks, [{ oldAt: 3, newAt: 3, before: [], after: ["x"] }]);
  assert.deepEqual(formatHunks(before, hunks), ["@@ line 4 @@", " b", " c", "+x", " d", " e"]);
});
