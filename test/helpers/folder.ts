/** Folders that go with what they were made for. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scope } from "./scope.ts";

/** Makes an empty folder; it is removed with all that is in it when the scope ends. */
export function makeFolder(t: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), "claude-max-api-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
