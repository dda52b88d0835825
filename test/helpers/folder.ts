/** Folders that go with what they were made for. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scope } from "./scope.ts";

/** Folders that are no longer needed. */
const ended: string[] = [];
process.once("exit", () => {
  for (const folder of ended) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/**
 * Makes an empty folder; it is removed with all that is in it when the scope has ended. Not sooner than this process:
 * a scope's ends run in the order in which they were asked for, and a server that was given the folder ends later.
 */
export function makeFolder(t: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), "claude-max-api-test-"));
  t.after(() => void ended.push(folder));
  return folder;
}
