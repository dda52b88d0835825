/**
 * The notes that the CLI puts after a conversation's first message: environment, model, date. A replay that has them
 * there is, at the API, what the live process has sent, so the prompt cache reads it; without them the CLI adds them at
 * its end.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { join } from "node:path";
import { isObject, parseJson } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Log } from "../../lib/log.ts";
import { isWhole, learnNotes } from "./learn.ts";
import type { LearnOptions, NotesSource } from "./learn.ts";

/** Folders and surroundings of the memory. */
export interface NotesOptions extends LearnOptions {
  /** Holds what was learned: the CLI's own words, and none of a conversation. */
  readonly folder: string;
  /** Waits for a place among the processes, and gives the function that gives it back. @throws the signal's reason. */
  readonly enter: (signal: AbortSignal) => Promise<() => void>;
  /** The rest, in milliseconds, before anything is learned; 2 s unless told. */
  readonly restMs?: number;
  readonly log: Log;
}

/** The CLI's notes, as far as they were learned. */
export interface Notes {
  /**
   * The notes for a new conversation with this model, in the order in which the CLI writes them. None while they are
   * not known: then they are learned, once for each release of the CLI and model, when the server is at rest. Never
   * rejects.
   */
  read(source: NotesSource, modelId: string): Promise<readonly JsonObject[]>;
  /**
   * Tells whether a turn runs or waits. Then nothing is learned: what is being learned is ended at once, and tried
   * again at the next rest.
   */
  setBusy(isBusy: boolean): void;
  /** Ends what is being learned. */
  close(): Promise<void>;
}

/** Notes that are to be learned. */
interface Wanted {
  readonly file: string;
  readonly source: NotesSource;
  readonly modelId: string;
}

/** A full id: a family's name may stand for another model on the account than it does without one. */
const FULL_ID = /^claude-[a-z0-9.@-]+(?:\[1m\])?$/;
/** Ids and logins of other providers are their own: nothing is learned for them. */
const OTHER_PROVIDERS = /^CLAUDE_CODE_USE_/;
/** A client's next turn, and the spare that takes the place of one that was claimed, come sooner. */
const REST_MS = 2000;
const PATIENCE_MS = 60_000;
/** Failures after which a model's notes are not asked for any more. */
const MOST_FAILURES = 3;

/** The date in this user's time zone, as the CLI writes it: 2026-11-24. */
function toDate(now: Date): string {
  const pad = (count: number): string => String(count).padStart(2, "0");
  return `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}

function withDate(notes: readonly JsonObject[]): JsonObject[] {
  return notes.map((note) => (note["type"] === "date" ? { ...note, date: toDate(new Date()) } : note));
}

async function readFrom(file: string): Promise<readonly JsonObject[] | undefined> {
  const notes = parseJson(await readFile(file, "utf8").catch(() => ""));
  return Array.isArray(notes) && notes.every(isObject) && isWhole(notes) ? notes : undefined;
}

/** Learns one after the other, at rest alone. */
interface Learner {
  /** Adds what is to be learned. Once is enough for each file, a failure apart. */
  want(wanted: Wanted): void;
  setBusy(isBusy: boolean): void;
  close(): Promise<void>;
}

/** Stores notes that were learned. */
type StoreNotes = (file: string, notes: JsonObject[]) => Promise<void>;

/** Learns notes once there is a place among the processes. @throws the signal's reason; the system's error. */
async function learn(
  { file, source, modelId }: Wanted,
  options: NotesOptions,
  store: StoreNotes,
  signal: AbortSignal,
): Promise<void> {
  const { enter, log } = options;
  const leave = await enter(signal);
  try {
    const notes = await learnNotes(options, source, modelId, signal);
    if (!isWhole(notes)) return log.debug("notes not learned", { model: modelId });
    await store(file, notes);
    log.debug("learned notes", { model: modelId, version: source.version });
  } finally {
    leave();
  }
}

function createLearner(options: NotesOptions, store: StoreNotes): Learner {
  const { restMs = REST_MS, log } = options;
  const line: Wanted[] = [];
  const asked = new Set<string>();
  /** By file. */
  const failures = new Map<string, number>();
  let isBusy = false;
  let isClosed = false;
  let resting: NodeJS.Timeout | undefined;
  /** The process that is asked; aborted when a turn begins. */
  let running: { readonly abort: AbortController; readonly over: Promise<void> } | undefined;

  function fail({ file, modelId }: Wanted, error: unknown): void {
    log.debug("notes not learned", { model: modelId, cause: String(error) });
    const count = (failures.get(file) ?? 0) + 1;
    failures.set(file, count);
    if (count < MOST_FAILURES) asked.delete(file);
  }

  async function learnFirst(first: Wanted, interrupted: AbortSignal): Promise<void> {
    try {
      await learn(first, options, store, AbortSignal.any([interrupted, AbortSignal.timeout(PATIENCE_MS)]));
    } catch (error) {
      if (!interrupted.aborted) fail(first, error);
    }
    if (!interrupted.aborted) line.shift();
    running = undefined;
    rest();
  }

  /** Begins once it has been at rest for a while. */
  function rest(): void {
    const [first] = line;
    if (isBusy || isClosed || running || resting || !first) return;
    resting = setTimeout(() => {
      resting = undefined;
      const abort = new AbortController();
      running = { abort, over: learnFirst(first, abort.signal) };
    }, restMs).unref();
  }

  function interrupt(): void {
    clearTimeout(resting);
    resting = undefined;
    running?.abort.abort();
  }

  return {
    want(wanted) {
      if (asked.has(wanted.file)) return;
      asked.add(wanted.file);
      line.push(wanted);
      rest();
    },
    setBusy(next) {
      isBusy = next;
      if (isBusy) interrupt();
      else rest();
    },
    async close() {
      isClosed = true;
      interrupt();
      await running?.over;
    },
  };
}

/** Makes what knows the notes of one installation. */
export function createNotes(options: NotesOptions): Notes {
  const { folder, environment } = options;
  const known = new Map<string, readonly JsonObject[]>();
  const isOtherProvider = Object.keys(environment).some((name) => OTHER_PROVIDERS.test(name));

  /** Everything that the notes tell, so that they are learned anew when any of it has changed. */
  function toFile({ version, workingFolder }: NotesSource, modelId: string): string {
    const facts = [version, modelId, workingFolder, process.platform, release(), environment["SHELL"] ?? ""];
    return join(folder, `${createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 32)}.json`);
  }

  const learner = createLearner(options, async (file, notes) => {
    known.set(file, notes);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Renamed into place: half a file would be read as none, and learned again each time.
    await writeFile(`${file}.new`, JSON.stringify(notes), { mode: 0o600 });
    await rename(`${file}.new`, file);
  });

  return {
    async read(source, modelId) {
      if (isOtherProvider || !FULL_ID.test(modelId)) return [];
      const file = toFile(source, modelId);
      const notes = known.get(file) ?? (await readFrom(file));
      if (!notes) {
        learner.want({ file, source, modelId });
        return [];
      }
      known.set(file, notes);
      return withDate(notes);
    },
    setBusy: learner.setBusy,
    close: learner.close,
  };
}
