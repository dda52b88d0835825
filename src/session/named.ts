/**
 * Conversations the server keeps by name, for clients that send only what is new. The CLI persists them; a record tells
 * how far each has come.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGate } from "../lib/gate.ts";
import type { Gate } from "../lib/gate.ts";
import { isObject, parseJson } from "../lib/json.ts";

/** The state of a named conversation. It holds no word of the conversation. */
export interface NamedRecord {
  /** The CLI's id of the session. */
  readonly sessionId: string;
  /** The CLI's id of the last whole answer. */
  readonly lastUuid: string;
  /** The mark of the system prompt it was begun with. */
  readonly system: string;
}

/** Records of named conversations, and their turns' order. */
export interface NamedSessions {
  /**
   * Waits until no other turn of this conversation runs, and gives the function that lets the next one in.
   * @throws GateFullError when too many wait; the signal's reason.
   */
  enter(name: string, signal: AbortSignal): Promise<() => void>;
  /** The record of a name, also after a restart; undefined for a new one. */
  read(name: string): Promise<NamedRecord | undefined>;
  /**
   * Replaces the record of a name, as the one used last. Past the bound, the conversations unused for longest are
   * removed.
   */
  write(name: string, record: NamedRecord): Promise<void>;
  /**
   * Waits for the turn that runs, then ends the process of a conversation, and deletes its transcript and its record.
   * False when there is none. @throws as `enter`.
   */
  remove(name: string, signal: AbortSignal): Promise<boolean>;
}

/** Folder and bounds of the records. */
export interface NamedOptions {
  /** Holds one record a conversation, which only this user can read. */
  readonly folder: string;
  /** Most turns that wait for one conversation. */
  readonly maxWaiting: number;
  /** Most conversations; 200 unless told. */
  readonly maxRecords?: number;
  /** Ends the process of a conversation, by its `toNameId`, if there is one; settles when it is gone. */
  readonly endProcess: (id: string) => Promise<void>;
  /** Deletes what the CLI keeps of a session, by the CLI's id. */
  readonly deleteTranscript: (sessionId: string) => Promise<void>;
}

const MAX_RECORDS = 200;
const ENDING = ".json";

/** A UUID (version 8) made of a name: the name itself may hold what no file name can. */
export function toNameId(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A system prompt's mark in a record. */
export function toSystemMark(system: string): string {
  return createHash("sha256").update(system.trim()).digest("base64");
}

/** A session's id, new each time one is begun: the CLI refuses an id that an unfinished first turn has used (P103). */
export function toFreshSessionId(): string {
  return randomUUID();
}

async function readRecord(file: string): Promise<NamedRecord | undefined> {
  const record = parseJson(await readFile(file, "utf8").catch(() => ""));
  if (!isObject(record)) return undefined;
  const { sessionId, lastUuid, system } = record;
  const isWhole = typeof sessionId === "string" && typeof lastUuid === "string" && typeof system === "string";
  return isWhole ? { sessionId, lastUuid, system } : undefined;
}

/** The ids of all records but the `most` written last, the oldest first. */
async function findOldest(folder: string, most: number): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(ENDING));
  if (names.length <= most) return [];
  const aged = await Promise.all(
    names.map(async (name) => ({
      name,
      mtimeMs: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  );
  return aged
    .sort((a, b) => a.mtimeMs - b.mtimeMs)
    .slice(0, names.length - most)
    .map(({ name }) => name.slice(0, -ENDING.length));
}

/** Turns of one conversation, one after the other. Keyed by `toNameId`. */
function createTurns(maxWaiting: number): {
  enter(id: string, signal?: AbortSignal): Promise<() => void>;
  isBusy(id: string): boolean;
} {
  const gates = new Map<string, Gate>();
  return {
    async enter(id, signal) {
      signal?.throwIfAborted();
      const gate = gates.get(id) ?? createGate(1, maxWaiting);
      gates.set(id, gate);
      const leave = await gate.enter(signal);
      return () => {
        leave();
        if (gate.inside === 0) gates.delete(id);
      };
    },
    isBusy: (id) => gates.has(id),
  };
}

/** Makes the keeper of named conversations. */
export function createNamedSessions(options: NamedOptions): NamedSessions {
  const { folder, maxRecords = MAX_RECORDS, endProcess, deleteTranscript } = options;
  const turns = createTurns(options.maxWaiting);
  const toFile = (id: string): string => join(folder, `${id}${ENDING}`);

  async function remove(id: string, signal?: AbortSignal): Promise<boolean> {
    const leave = await turns.enter(id, signal);
    try {
      const record = await readRecord(toFile(id));
      // The process first: it would write its transcript anew.
      await endProcess(id);
      if (record) await deleteTranscript(record.sessionId);
      await rm(toFile(id), { force: true });
      return record !== undefined;
    } finally {
      leave();
    }
  }

  /**
   * Removes the records past the bound, in the background. What cannot be removed is tried again after the next write.
   */
  async function trim(): Promise<void> {
    for (const id of await findOldest(folder, maxRecords)) if (!turns.isBusy(id)) await remove(id);
  }

  return {
    enter: (name, signal) => turns.enter(toNameId(name), signal),
    read: (name) => readRecord(toFile(toNameId(name))),
    async write(name, record) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Renamed into place: a record cut short would begin the session a second time.
      const file = toFile(toNameId(name));
      await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
      await rename(`${file}.new`, file);
      trim().catch(() => undefined);
    },
    remove: (name, signal) => remove(toNameId(name), signal),
  };
}
