/** The change of a client's file: where it is, what it says, and what it is to say. Nothing is written here. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Client, FileSetup, Machine, Place, Value } from "../../client/client.ts";
import { toRecipe } from "../../client/table.ts";
import { isObject } from "../../lib/json.ts";
import { applyEdits, EDITORS, findValue } from "./edit/apply.ts";
import { EditError } from "./edit/edit.ts";
import { ConnectError, readTarget } from "./file.ts";
import type { Target } from "./file.ts";
import { readRecord, revert, toCopy } from "./record.ts";
import type { ConnectRecord } from "./record.ts";
import { takeOut } from "./takeout.ts";

/** A client with a file, and where records are kept. */
export interface Subject {
  readonly client: Client;
  readonly machine: Machine;
  /** The folder of records. */
  readonly folder: string;
}

/** A change that can be made. */
export interface Plan {
  readonly target: Target;
  /** The text before any connect; undefined when there was no file. */
  readonly base: string | undefined;
  /** The new text; undefined takes the file away. */
  readonly text: string | undefined;
  /** The record of the client's connect before. */
  readonly record: ConnectRecord | undefined;
  /** True when the entry of that one cannot be taken back any more: its copy is to be kept. */
  readonly isAbandoned: boolean;
  /** Keys of the user's own that ours takes the place of: not for a screen either. */
  readonly replacedKeys: readonly string[];
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The path of the client's file; undefined for one that is set up by hand. */
export async function toPath({ client: { setup }, machine, folder }: Subject): Promise<string | undefined> {
  if (setup.type === "text") return undefined;
  if (setup.type === "own") return join(folder, setup.file);
  const paths = setup.toPaths(machine);
  for (const path of paths) if (await isThere(path)) return path;
  // Of programs of one family, such as VS Code's, the one that is there.
  for (const path of paths) if (await isThere(join(path, ".."))) return path;
  return paths[0];
}

/** The client's file as it is found now. */
async function open(subject: Subject): Promise<Target> {
  const path = await toPath(subject);
  if (path === undefined) throw new ConnectError(`${subject.client.name} is set up by hand`);
  return readTarget(path);
}

/** The file that a record is of, by the client's path for it if that leads there still. */
async function openRecorded(subject: Subject, { file }: ConnectRecord): Promise<Target> {
  const target = await open(subject).catch(() => undefined);
  return target?.file === file ? target : readTarget(file);
}

/** The text without what connect has written; undefined when that was changed since. */
function toReverted(record: ConnectRecord, text: string, { setup }: Client, place: Place): string | undefined | "gone" {
  const reverted = revert(record, text);
  if (reverted !== undefined || setup.type !== "file" || setup.format !== "json") return reverted;
  try {
    return takeOut(record, text, setup.toEdits(place));
  } catch (error) {
    if (error instanceof EditError) return undefined;
    throw error;
  }
}

function edit(client: Client, target: Target, place: Place, base: string | undefined): string {
  const { setup } = client;
  if (setup.type !== "file") return setup.toText(place);
  try {
    return applyEdits(base ?? "", setup.format, setup.toEdits(place), place.isChosen);
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    throw new ConnectError(
      `Cannot change ${target.path}, and have left it as it is: ${error.message}. ` +
        `Put this in by hand:\n\n${toRecipe(client, place)}`,
    );
  }
}

/** The value of a settings file; undefined when it is empty or cannot be read. */
function parse({ format }: FileSetup, text: string): unknown {
  try {
    return EDITORS[format].parse(text);
  } catch (error) {
    if (error instanceof EditError) return undefined;
    throw error;
  }
}

/** A shorter text in a key's place, such as `none`, is no secret, and may stand in other words too. */
const SHORTEST_KEY = 6;

/** Texts that stand where the new value has the key. */
function findReplaced(now: unknown, next: Value, key: string): string[] {
  if (next === key) return typeof now === "string" && now !== key ? [now] : [];
  if (!isObject(now) || typeof next !== "object") return [];
  return Object.entries(next).flatMap(([name, value]) => findReplaced(now[name], value, key));
}

/** The user's own keys in a text, in the places where ours is to stand. */
function toReplacedKeys({ setup }: Client, text: string | undefined, place: Place): string[] {
  if (setup.type !== "file" || text === undefined) return [];
  const document = parse(setup, text);
  return setup
    .toEdits(place)
    .flatMap(({ path, value }) => findReplaced(findValue(document, path), value, place.key))
    .filter(({ length }) => length >= SHORTEST_KEY);
}

/** Plans to connect. What an earlier connect has written is taken back first, so that nothing of it stays. */
export async function planConnect(subject: Subject, place: Place): Promise<Plan> {
  const { client, folder } = subject;
  const [target, record] = await Promise.all([open(subject), readRecord(folder, client.id)]);
  const recorded = record && (await openRecorded(subject, record));
  const reverted =
    record && recorded?.text !== undefined ? toReverted(record, recorded.text, client, place) : undefined;
  if (recorded && recorded.file !== target.file && reverted !== undefined)
    throw new ConnectError(
      `Cannot connect ${client.name} in ${target.path}: it is connected in ${recorded.file}. ` +
        `Take that back first: claude-max-api connect ${client.id} --undo`,
    );
  const base = reverted === "gone" ? undefined : (reverted ?? target.text);
  const isAbandoned = record !== undefined && reverted === undefined;
  const text = edit(client, target, place, base);
  return { target, base, record, isAbandoned, text, replacedKeys: toReplacedKeys(client, target.text, place) };
}

/** Plans to put back what was there. @throws ConnectError when there is nothing to put back, or no place for it. */
export async function planUndo(subject: Subject, place: Place): Promise<Plan> {
  const { client, folder } = subject;
  const { name, id } = client;
  const record = await readRecord(folder, id);
  if (!record) throw new ConnectError(`Cannot undo: ${name} was not connected with claude-max-api connect ${id}`);
  const target = await openRecorded(subject, record);
  // The key that is put back is shown as an added line.
  const replacedKeys = toReplacedKeys(client, record.before, place);
  const plan = { target, base: undefined, record, isAbandoned: false, replacedKeys };
  if (target.text === undefined) return { ...plan, text: record.before };
  const text = toReverted(record, target.text, client, place);
  if (text === undefined) {
    const copy = record.before === undefined ? "It was not there before" : "A copy of it as it was: ";
    const path = record.before === undefined ? "" : toCopy(folder, id);
    throw new ConnectError(`Cannot undo: ${target.path} was changed since, where connect had written. ${copy}${path}`);
  }
  return { ...plan, text: text === "gone" ? undefined : text };
}

/** True when the client's file holds this program's entry. Never rejects. */
export async function isConnected(subject: Subject, place: Place): Promise<boolean> {
  const { setup } = subject.client;
  const path = await toPath(subject);
  if (path === undefined) return false;
  const target = await readTarget(path).catch(() => undefined);
  if (target?.text === undefined) return false;
  return setup.type === "file" ? hasEntry(setup, target.text, place) : true;
}

/** True for a value that is there and, where the one of ours names the server's address, names it too. */
function isOurs(found: unknown, value: Value, { origin }: Place): boolean {
  const hasOrigin = (held: unknown): boolean => {
    if (typeof held === "string") return held.startsWith(origin);
    return typeof held === "object" && held !== null && Object.values(held).some(hasOrigin);
  };
  return found !== undefined && (!hasOrigin(value) || hasOrigin(found));
}

function hasEntry(setup: FileSetup, text: string, place: Place): boolean {
  const document = parse(setup, text);
  return setup
    .toEdits(place)
    .filter(({ when }) => when === undefined)
    .every(({ path, value }) => isOurs(findValue(document, path), value, place));
}
