/** Conversations the server keeps by name, for clients that send only what is new. The CLI persists them; we keep where each stands. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGate } from "../lib/gate.ts";
import type { Gate } from "../lib/gate.ts";
import { isObject, parseJson } from "../lib/json.ts";

/** Where a named conversation stands. It holds no word of the conversation. */
export interface NamedRecord {
  /** The CLI's id of the session. */
  readonly sessionId: string;
  /** The CLI's id of the last whole answer. */
  readonly lastUuid: string;
  /** The mark of the system prompt it was begun with. */
  readonly system: string;
}

export interface NamedSessions {
  /**
   * Waits until no other turn of this conversation runs, and gives the function that lets the next one in.
   * @throws GateFullError when too many wait; the signal's reason.
   */
  enter(name: string, signal: AbortSignal): Promise<() => void>;
  /** What is known of it, also after a restart; undefined for a new one. */
  read(name: string): Promise<NamedRecord | undefined>;
  write(name: string, record: NamedRecord): Promise<void>;
}

/** A UUID (version 8) made of a name: the name itself may hold what no file name can. */
export function toNameId(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A system prompt's mark in a record. */
export function toSystemMark(system: string): string {
  return createHash("sha256").update(system.trim()).digest("base64");
}

/** A session's id, new each time one is begun: the CLI refuses an id that an unfinished first turn has used. */
export function toFreshSessionId(): string {
  return randomUUID();
}

/** Keeps the records in `folder`, which only this user can read; at most `maxWaiting` turns wait for one conversation. */
export function createNamedSessions(folder: string, maxWaiting: number): NamedSessions {
  const gates = new Map<string, Gate>();
  const toFile = (name: string): string => join(folder, `${toNameId(name)}.json`);
  return {
    async enter(name, signal) {
      signal.throwIfAborted();
      const gate = gates.get(name) ?? createGate(1, maxWaiting);
      gates.set(name, gate);
      const leave = await gate.enter(signal);
      return () => {
        leave();
        if (gate.inside === 0) gates.delete(name);
      };
    },
    async read(name) {
      const record = parseJson(await readFile(toFile(name), "utf8").catch(() => ""));
      if (!isObject(record)) return undefined;
      const { sessionId, lastUuid, system } = record;
      const isWhole = typeof sessionId === "string" && typeof lastUuid === "string" && typeof system === "string";
      return isWhole ? { sessionId, lastUuid, system } : undefined;
    },
    async write(name, record) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Renamed into place: a record cut short would begin the session a second time.
      const file = toFile(name);
      await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
      await rename(`${file}.new`, file);
    },
  };
}
