/** Files of variables: reading, merging, and who may read them. */
import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { mergeVariables, parseVariables, readPrivateVariables } from "../../src/lib/envfile.ts";
import { makeFolder } from "../helpers/folder.ts";

test("values are read with or without quotes and export, comments and blank lines skipped", () => {
  const text = "# c\n\nA=1\r\nexport B = 'two words'\nC=\"x=y # z\"\nD=\nE='it\n";
  assert.deepEqual(parseVariables(text), { A: "1", B: "two words", C: "x=y # z", D: "", E: "'it" });
});

test("a line that sets nothing is named", () => {
  assert.throws(() => parseVariables("A=1\nnonsense\n"), /^Error: line 2 is not NAME=VALUE$/);
});

test("merging replaces in place, adds at the end, keeps the rest, and repeats to the same text", () => {
  const merged = mergeVariables("# mine\nA=1\nB=2\n\n", { A: "9", C: "3" });
  assert.equal(merged, "# mine\nA=9\nB=2\nC=3\n");
  assert.equal(mergeVariables(merged, { A: "9", C: "3" }), merged);
  assert.equal(mergeVariables("", { A: "1" }), "A=1\n");
});

test("a file that others can read is refused", async (t) => {
  const file = join(makeFolder(t), "v");
  await writeFile(file, "A=1", { mode: 0o600 });
  assert.deepEqual(readPrivateVariables(file), { A: "1" });
  for (const mode of [0o640, 0o604, 0o660]) {
    await chmod(file, mode);
    assert.throws(() => readPrivateVariables(file), /others can read it\. Run chmod 600/);
  }
});
