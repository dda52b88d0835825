/** The notes of a release, cut out of the changelog. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readNotes } from "../../../scripts/release/notes.ts";

const CHANGELOG =
  "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.2.0, 2026-12-01\n\n- Second.\n- Third.\n\n## 0.1.0\n\n- First.\n";

test("a version's notes are the text below its heading", () => {
  assert.deepEqual(readNotes(CHANGELOG, "0.2.0"), { text: "- Second.\n- Third.", isReleased: true });
  assert.deepEqual(readNotes(CHANGELOG, "0.1.0"), { text: "- First.", isReleased: true });
});

test("a version without a heading has the unreleased notes, and that is told", () => {
  assert.deepEqual(readNotes(CHANGELOG, "0.3.0"), { text: "- New.", isReleased: false });
  assert.throws(() => readNotes("# Changelog\n\n## 0.1.0\n", "0.1.0"), /Cannot read the notes of 0\.1\.0/);
});
