/**
 * Sessions that the CLI persists: one transcript each, in a folder named after the working directory it was begun in
 * (P58).
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const SESSION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The CLI's own folder: `CLAUDE_CONFIG_DIR`, else `~/.claude`. */
export function toConfigFolder(environment: NodeJS.ProcessEnv, home: string): string {
  return environment["CLAUDE_CONFIG_DIR"] || join(environment["HOME"] || home, ".claude");
}

/** Deletes all that the CLI keeps of a session. Ignores an id that is no UUID. @throws the system's error. */
export async function deleteSession(configFolder: string, sessionId: string): Promise<void> {
  if (!SESSION_ID.test(sessionId)) return;
  const projects = join(configFolder, "projects");
  // The workspace may have been another one when the session was begun.
  for (const name of await readdir(projects).catch(() => [])) {
    await rm(join(projects, name, `${sessionId}.jsonl`), { force: true });
    await rm(join(projects, name, sessionId), { recursive: true, force: true });
  }
}
