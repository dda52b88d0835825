/** A client's file on disk: read whole, and replaced in one move, through a symlink and with its mode and owner. */
import { chmod, chown, mkdir, readFile, readlink, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import type { Stats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { quote } from "../../client/client.ts";

/** A failure in a sentence for the user. */
export class ConnectError extends Error {}

/** A file as it was read. */
export interface Target {
  /** The path as the client knows it. */
  readonly path: string;
  /** The file that is written: the end of a symlink, or the same. */
  readonly file: string;
  /** Undefined when there is no such file. */
  readonly text: string | undefined;
  /** Mode bits; those of a new file are private. */
  readonly mode: number;
}

const PRIVATE = 0o600;
/** Largest file that is taken for settings, in bytes. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The system's word for a failure. */
export const toCode = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown";

/** UTF-8, exactly: a byte order mark stays, and bytes that are no text are refused. */
function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ConnectError(`Cannot change ${path}: it is not UTF-8 text`);
  }
}

/** Links that are followed at most, as Linux does. */
const MOST_LINKS = 40;

/** The file behind a path. A link whose end is missing is followed to where that would be. */
async function toRealFile(path: string): Promise<string> {
  let file = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const real = await realpath(file).catch((error: unknown) => {
      if (toCode(error) !== "ENOENT") throw new ConnectError(`Cannot read ${path}: ${toCode(error)}`);
      return undefined;
    });
    if (real !== undefined) return real;
    file = join(await realpath(dirname(file)).catch(() => dirname(file)), basename(file));
    const end = await readlink(file).catch(() => undefined);
    if (end === undefined) return file;
    file = resolve(dirname(file), end);
  }
  throw new ConnectError(`Cannot read ${path}: too many links`);
}

/** Reads a file that may not be there. @throws ConnectError. */
export async function readTarget(path: string): Promise<Target> {
  const file = await toRealFile(path);
  const found = await stat(file).catch((error: unknown) => {
    if (toCode(error) === "ENOENT") return undefined;
    throw new ConnectError(`Cannot read ${path}: ${toCode(error)}`);
  });
  if (!found) return { path, file, text: undefined, mode: PRIVATE };
  if (!found.isFile()) throw new ConnectError(`Cannot change ${path}: it is not a file`);
  if (found.size > MOST_BYTES) throw new ConnectError(`Cannot change ${path}: it is too large for a settings file`);
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new ConnectError(`Cannot read ${path}: ${toCode(error)}`);
  });
  return { path, file, text: decode(bytes, path), mode: found.mode & 0o7777 };
}

/** Makes the folders that the file has none of yet. @returns those, the outermost first. @throws ConnectError. */
export async function makeFolders({ path, file }: Target): Promise<string[]> {
  const first = await mkdir(dirname(file), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new ConnectError(`Cannot write ${path}: ${toCode(error)}`);
  });
  return first === undefined ? [] : toFolders(first, dirname(file));
}

/** @throws ConnectError for a file that is not to be written: a move would take its place all the same. */
export function refuseReadOnly({ path, file, text, mode }: Target): void {
  if (text !== undefined && (mode & 0o200) === 0)
    throw new ConnectError(`Cannot write ${path}: it is read-only. To allow it: chmod u+w ${quote(file)}`);
}

/** Gives a file that this program has written to the owner and group of the one it replaces. */
async function giveTo(file: string, { uid, gid }: Stats): Promise<void> {
  const own = await stat(file);
  if (own.uid !== uid) await chown(file, uid, gid);
  // A group that this user is not in cannot be given; the owner can read the file all the same.
  else if (own.gid !== gid) await chown(file, uid, gid).catch(() => undefined);
}

/** @throws ConnectError when the file is not as it was read. */
async function refuseChanged(path: string, text: string | undefined): Promise<void> {
  const now = await readTarget(path);
  if (now.text !== text) throw new ConnectError(`Cannot change ${path}: another program has just written it`);
}

/** Takes the file that was read away. @throws ConnectError when it cannot, or the file has changed. */
export async function removeTarget({ path, file, text }: Target): Promise<void> {
  await refuseChanged(path, text);
  await rm(file, { force: true }).catch((error: unknown) => {
    throw new ConnectError(`Cannot remove ${path}: ${toCode(error)}`);
  });
}

/** Replaces the file that was read by another text. @throws ConnectError when it cannot, or the file has changed. */
export async function replaceTarget({ path, file, text: before, mode }: Target, text: string): Promise<void> {
  const next = `${file}.${process.pid}.new`;
  try {
    const owner = before === undefined ? undefined : await stat(file);
    await writeFile(next, text, { mode: PRIVATE, flag: "wx" });
    await chmod(next, mode);
    if (owner) await giveTo(next, owner);
    await refuseChanged(path, before);
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    if (error instanceof ConnectError) throw error;
    throw new ConnectError(`Cannot write ${path}: ${toCode(error)}`);
  }
}

/** The folders from `first` down to `last`. */
function toFolders(first: string, last: string): string[] {
  const folders = [last];
  while (folders[0] !== first && folders[0] !== dirname(folders[0] ?? "")) folders.unshift(dirname(folders[0] ?? ""));
  return folders;
}
