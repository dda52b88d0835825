/** The record of a connected client, in the state folder: its file before and after. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { diffLines } from "../../lib/diff.ts";
import { isObject, parseJson } from "../../lib/json.ts";

/** One client's record. */
export interface ConnectRecord {
  /** The file that was written. */
  readonly file: string;
  /** Its text before; undefined when there was no file. */
  readonly before: string | undefined;
  /** Its text after. */
  readonly after: string;
  /** Folders made for it, the outermost first. */
  readonly folders: readonly string[];
}

/** Lines of one place, before and after. */
interface Change {
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Unchanged lines right above and below, at most two each: they tell the place from others like it. */
  readonly above: readonly string[];
  readonly below: readonly string[];
}

const CONTEXT = 2;

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((held) => typeof held === "string");

/** The folder of the records, and of files that clients are started with. */
export function toConnectFolder(stateFolder: string): string {
  return join(stateFolder, "connect");
}

const toFile = (folder: string, id: string): string => join(folder, `${id}.record.json`);
/** The copy is a file of its own, so that the user finds it. */
export const toCopy = (folder: string, id: string): string => join(folder, `${id}.before`);

/** Reads a client's record; undefined when it has none, or a damaged one. */
export async function readRecord(folder: string, id: string): Promise<ConnectRecord | undefined> {
  const value = parseJson(await readFile(toFile(folder, id), "utf8").catch(() => ""));
  if (!isObject(value)) return undefined;
  const { file, after, isNew, folders } = value;
  if (typeof file !== "string" || typeof after !== "string" || !isTexts(folders)) return undefined;
  const copy = await readFile(toCopy(folder, id), "utf8").catch(() => undefined);
  if (isNew !== true && copy === undefined) return undefined;
  return { file, after, folders, before: isNew === true ? undefined : copy };
}

function toChanges(before: readonly string[], after: readonly string[]): Change[] {
  const hunks = diffLines(before, after);
  return hunks.map((hunk, index) => {
    const from = (hunks[index - 1]?.newAt ?? 0) + (hunks[index - 1]?.after.length ?? 0);
    const until = hunks[index + 1]?.newAt ?? after.length;
    const end = hunk.newAt + hunk.after.length;
    return {
      before: hunk.before,
      after: hunk.after,
      above: after.slice(Math.max(from, hunk.newAt - CONTEXT), hunk.newAt),
      below: after.slice(end, Math.min(until, end + CONTEXT)),
    };
  });
}

/** Keeps a record, private to the user, in the place of the one before. */
export async function writeRecord(folder: string, id: string, record: ConnectRecord): Promise<void> {
  const { file, before, after, folders } = record;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (before !== undefined) await writeFile(toCopy(folder, id), before, { mode: 0o600 });
  const value = { file, after, isNew: before === undefined, folders };
  await writeFile(toFile(folder, id), `${JSON.stringify(value)}\n`, { mode: 0o600 });
}

/** Puts the copy of a record that is given up aside. @returns its path; undefined when there is none. */
export async function setCopyAside(folder: string, id: string): Promise<string | undefined> {
  const aside = `${toCopy(folder, id)}.old`;
  return rename(toCopy(folder, id), aside).then(
    () => aside,
    () => undefined,
  );
}

/** Forgets a record, and its copy. */
export async function removeRecord(folder: string, id: string): Promise<void> {
  await rm(toFile(folder, id), { force: true });
  await rm(toCopy(folder, id), { force: true });
}

/** The one place where what was written stands; undefined when it stands nowhere, or more than once. */
function findPlace(lines: readonly string[], { above, after, below }: Change): number | undefined {
  const find = (wanted: readonly string[]): number[] =>
    lines.flatMap((_line, at) => (wanted.every((held, index) => lines[at + index] === held) ? [at] : []));
  const [place, ...others] = find(after);
  if (others.length === 0) return after.length > 0 ? place : undefined;
  const [exact, ...more] = find([...above, ...after, ...below]);
  return exact !== undefined && more.length === 0 ? exact + above.length : undefined;
}

/**
 * The last change of a file that had no line break at its end: the empty line that it closes with is another
 * program's line by now.
 */
function toOpenEnd({ before, after, ...context }: Change): Change {
  const end = after.at(-2)?.endsWith("\r") === true ? "\r" : "";
  const lines = before.map((line, at) => (at === before.length - 1 ? line + end : line));
  return { ...context, before: lines, after: after.slice(0, -1), below: [] };
}

/**
 * The text as it was, or `gone` for a file that was not there. A file that was changed since has only the recorded
 * lines put back; undefined when those are not to be found.
 */
export function revert({ after, before }: ConnectRecord, text: string): string | undefined | "gone" {
  if (text === after) return before ?? "gone";
  let lines: readonly string[] = text.split("\n");
  for (const change of toChanges((before ?? "").split("\n"), after.split("\n"))) {
    const isEnd = change.after.at(-1) === "" && change.below.length === 0;
    const found = isEnd && findPlace(lines, change) === undefined ? toOpenEnd(change) : change;
    const at = findPlace(lines, found);
    if (at === undefined) return undefined;
    lines = [...lines.slice(0, at), ...found.before, ...lines.slice(at + found.after.length)];
  }
  return lines.join("\n");
}
