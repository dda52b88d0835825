/** Conversations the server keeps by name, for clients that send only what is new. The CLI persists them; we keep where each stands. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGate } from "../lib/gate.ts";
import type { Gate } from "../lib/gate.ts";
import { isObject, parseJson } from "../lib/json.ts";

/** Where a named conversation stands: the CLI's id of its last whole answer, and the system prompt it was begun with. */
export interface NamedRecord {
  readonly lastUuid: string;
  readonly system: string;
}

export interface NamedSessions {
  /** Waits until no other turn of this conversation runs, and gives the function that lets the next one in. */
  enter(id: string, signal: AbortSignal): Promise<() => void>;
  /** What is known of it, also after a restart; undefined for a new one. */
  read(id: string): Promise<NamedRecord | undefined>;
  write(id: string, record: NamedRecord): Promise<void>;
}

/** The UUID (version 8, made of a hash) under which the CLI persists a name. */
export function toSessionId(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Keeps the records in `folder`, which only this user can read. No record holds a word of a conversation. */
export function createNamedSessions(folder: string): NamedSessions {
  const gates = new Map<string, Gate>();
  const toFile = (id: string): string => join(folder, `${id}.json`);
  return {
    async enter(id, signal) {
      signal.throwIfAborted();
      const gate = gates.get(id) ?? createGate(1);
      gates.set(id, gate);
      const leave = await gate.enter(signal);
      return () => {
        leave();
        if (gate.inside === 0) gates.delete(id);
      };
    },
    async read(id) {
      const record = parseJson(await readFile(toFile(id), "utf8").catch(() => ""));
      if (!isObject(record)) return undefined;
      const { lastUuid, system } = record;
      return typeof lastUuid === "string" && typeof system === "string" ? { lastUuid, system } : undefined;
    },
    async write(id, record) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Renamed into place: a record cut short would begin the session a second time.
      await writeFile(`${toFile(id)}.new`, JSON.stringify(record), { mode: 0o600 });
      await rename(`${toFile(id)}.new`, toFile(id));
    },
  };
}

/** A system prompt's mark in a record. */
export function toSystemMark(system: string): string {
  return createHash("sha256").update(system.trim()).digest("base64");
}
