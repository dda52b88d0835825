/**
 * Sessions that the CLI persists: one transcript each, in a folder named after the working directory it was begun in
 * (P102).
 */
import { open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

const SESSION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The CLI's own folder: `CLAUDE_CONFIG_DIR`, else `~/.claude`. */
export function toConfigFolder(environment: NodeJS.ProcessEnv, home: string): string {
  return environment["CLAUDE_CONFIG_DIR"] || join(environment["HOME"] || home, ".claude");
}

/**
 * Places of a session: a transcript with this path and `.jsonl`, and a folder. The workspace may have been
 * another one when the session was begun. None for an id that is no UUID.
 */
async function findPlaces(configFolder: string, sessionId: string): Promise<string[]> {
  if (!SESSION_ID.test(sessionId)) return [];
  const projects = join(configFolder, "projects");
  const names = await readdir(projects).catch(() => []);
  return names.map((name) => join(projects, name, sessionId));
}

/**
 * True when the CLI has a transcript of a session, for whatever workspace it was begun in, with the entry of this id.
 * Never rejects.
 */
export async function hasEntry(configFolder: string, sessionId: string, uuid: string): Promise<boolean> {
  const places = await findPlaces(configFolder, sessionId);
  const texts = await Promise.allSettled(places.map((place) => readFile(`${place}.jsonl`, "utf8")));
  return texts.some((text) => text.status === "fulfilled" && text.value.includes(`"uuid":"${uuid}"`));
}

/** Deletes all that the CLI keeps of a session. Ignores an id that is no UUID. @throws the system's error. */
export async function deleteSession(configFolder: string, sessionId: string): Promise<void> {
  for (const place of await findPlaces(configFolder, sessionId)) {
    await rm(`${place}.jsonl`, { force: true });
    await rm(place, { recursive: true, force: true });
  }
}

/** Appends a line to a file that exists; its last line may have been cut by a kill. @throws the system's error. */
async function appendLine(path: string, line: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    const isWhole = size === 0 || buffer.toString() === "\n";
    await file.write(`${isWhole ? "" : "\n"}${line}\n`, size);
  } finally {
    await file.close();
  }
}

/**
 * Notes in a session's transcript the last entry that it goes on from, as a process does when it ends in order. Without
 * it the entries of a process that was killed are not found after those of one that ended in order (P59). No process
 * may have the session. Never rejects: what cannot be written is the CLI's to tell.
 */
export async function noteLastEntry(configFolder: string, sessionId: string, uuid: string): Promise<void> {
  const line = JSON.stringify({ type: "last-prompt", leafUuid: uuid, sessionId });
  const places = await findPlaces(configFolder, sessionId);
  await Promise.allSettled(places.map((place) => appendLine(`${place}.jsonl`, line)));
}
