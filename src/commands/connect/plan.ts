/** The change of a client's file: where it is, what it says, and what it is to say. Nothing is written here. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Client, FileSetup, Machine, Place } from "../../client/client.ts";
import { toRecipe } from "../../client/table.ts";
import { applyEdits, EDITORS, findValue } from "./edit/apply.ts";
import { EditError } from "./edit/edit.ts";
import { ConnectError, readTarget } from "./file.ts";
import type { Target } from "./file.ts";
import { readRecord, revert } from "./record.ts";
import type { ConnectRecord } from "./record.ts";

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
  readonly record: ConnectRecord | undefined;
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

async function open(subject: Subject): Promise<{ target: Target; record: ConnectRecord | undefined }> {
  const path = await toPath(subject);
  if (path === undefined) throw new ConnectError(`${subject.client.name} is set up by hand`);
  const [target, record] = await Promise.all([readTarget(path), readRecord(subject.folder, subject.client.id)]);
  return { target, record: record?.file === target.file ? record : undefined };
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

/** Plans to connect. What an earlier connect has written is taken back first, so that nothing of it stays. */
export async function planConnect(subject: Subject, place: Place): Promise<Plan> {
  const { target, record } = await open(subject);
  const reverted = record && target.text !== undefined ? revert(record, target.text) : undefined;
  const base = reverted === "gone" ? undefined : (reverted ?? target.text);
  return { target, base, record, text: edit(subject.client, target, place, base) };
}

/** Plans to put back what was there. @throws ConnectError when there is nothing to put back, or no place for it. */
export async function planUndo(subject: Subject): Promise<Plan> {
  const { target, record } = await open(subject);
  const { name, id } = subject.client;
  if (!record) throw new ConnectError(`Cannot undo: ${name} was not connected with claude-max-api connect ${id}`);
  if (target.text === undefined) return { target, base: undefined, record, text: record.before };
  const text = revert(record, target.text);
  if (text === undefined) {
    const copy = record.before === undefined ? "It was not there before" : "A copy of it as it was: ";
    const path = record.before === undefined ? "" : join(subject.folder, `${id}.before`);
    throw new ConnectError(`Cannot undo: ${target.path} was changed since, where connect had written. ${copy}${path}`);
  }
  return { target, base: undefined, record, text: text === "gone" ? undefined : text };
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

function hasEntry({ format, toEdits }: FileSetup, text: string, place: Place): boolean {
  try {
    const document = EDITORS[format].parse(text);
    return toEdits(place)
      .filter(({ when }) => when === undefined)
      .every(({ path }) => findValue(document, path) !== undefined);
  } catch (error) {
    if (error instanceof EditError) return false;
    throw error;
  }
}
