/**
 * Goldens: exact texts kept in files that a reader can look at, `test/fixtures/golden`. `--update` of the test runner
 * sets UPDATE_GOLDENS: then a golden that differs is written anew, and the runner shows the difference at the end.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../fixtures/golden");
const isUpdate = Boolean(process.env["UPDATE_GOLDENS"]);

/** The text of a golden; `name` is the file's name. */
export function readGolden(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}

/**
 * Puts a text in the golden's place when goldens are updated; tells whether it did, so that nothing is left to compare.
 */
export function updateGolden(name: string, actual: string): boolean {
  if (!isUpdate) return false;
  const file = join(FOLDER, name);
  if (!existsSync(file) || readFileSync(file, "utf8") !== actual) writeFileSync(file, actual);
  return true;
}

/** Checks that a text is the golden's, letter for letter. */
export function checkGoldenText(name: string, actual: string): void {
  if (!updateGolden(name, actual)) assert.equal(actual, readGolden(name), name);
}
