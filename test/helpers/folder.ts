/** Folders that go with what they were made for. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
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

/** A file, with its bytes as text. */
export interface TextFile {
  readonly path: string;
  readonly content: string;
}

/** Items, or none where they have gone in the meantime. */
function orNone<Item>(read: () => readonly Item[]): readonly Item[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** All files below a folder that others write to: what goes meanwhile is left out. Links are not followed. */
export function readFiles(folder: string): TextFile[] {
  return orNone(() => readdirSync(folder, { withFileTypes: true })).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return readFiles(path);
    return entry.isFile() ? orNone(() => [{ path, content: readFileSync(path, "utf8") }]) : [];
  });
}
