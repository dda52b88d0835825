/**
 * The notes that the CLI puts after a conversation's first message: environment, model, date. A replay that has them
 * there is,
 * at the API, what the live process has sent, so the prompt cache reads it; without them the CLI adds them at its end.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { untilAborted } from "../../lib/abort.ts";
import { isObject, parseJson } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Log } from "../../lib/log.ts";
import { startProcess } from "../process/process.ts";
import type { Command } from "../process/process.ts";
import { toUserLine } from "../request/content.ts";
import { toArgs, toEnvironment } from "../request/launch.ts";

/** Folders and surroundings of the memory. */
export interface NotesOptions {
  /** Holds what was learned: the CLI's own words, and none of a conversation. */
  readonly folder: string;
  /** Folder for the files of a process that is asked, for the moment. */
  readonly temporaryFolder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

/** The CLI that is asked. */
export interface NotesSource {
  readonly path: string;
  readonly version: string;
  /** Working directory of the conversation's process; the notes name it. */
  readonly workingFolder: string;
}

/** The CLI's notes, as far as they were learned. */
export interface Notes {
  /**
   * The notes for a new conversation with this model, in the order in which the CLI writes them. None while they are
   * not
   * known: then they are learned in the background, once for each release of the CLI and model. Never rejects.
   */
  read(source: NotesSource, modelId: string): Promise<readonly JsonObject[]>;
  /** Ends what is being learned. */
  close(): Promise<void>;
}

/** The kinds of note, as the transcript calls them. */
const KINDS = ["environment", "model", "session_context", "date"];
/** A full id: a family's name may stand for another model on the account than it does without one. */
const FULL_ID = /^claude-[a-z0-9.@-]+(?:\[1m\])?$/;
/** Ids and logins of other providers are their own: nothing is learned for them. */
const OTHER_PROVIDERS = /^CLAUDE_CODE_USE_/;
/** The turn that asks is not to be slowed by it. */
const REST_MS = 2000;
const PATIENCE_MS = 60_000;
/** Nobody listens here: the notes are written before the API is asked. */
const NO_API = {
  ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
  ANTHROPIC_API_KEY: "none",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_AUTOUPDATER: "1",
  DISABLE_TELEMETRY: "1",
};

/** The user's environment without login, provider and proxies: no word leaves this machine. */
function toQuietEnvironment(environment: NodeJS.ProcessEnv, home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !/^(ANTHROPIC_|CLAUDE_|AWS_)|_PROXY$/i.test(name));
  return { ...toEnvironment(Object.fromEntries(kept), "none", home), ...NO_API, HOME: home, USERPROFILE: home };
}

/** The notes in a line of `--session-mirror`; none in any other. */
export function toNotes(line: string): JsonObject[] {
  const message = line.includes('"transcript_mirror"') ? parseJson(line) : undefined;
  const entries: unknown = isObject(message) ? message["entries"] : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) => {
    const attachment = isObject(entry) ? entry["attachment"] : undefined;
    return isObject(attachment) && KINDS.includes(String(attachment["type"])) ? [attachment] : [];
  });
}

const isWhole = (notes: readonly JsonObject[]): boolean =>
  KINDS.every((kind) => notes.some(({ type }) => type === kind));

/** The date in this user's time zone, as the CLI writes it: 2026-11-24. */
function toDate(now: Date): string {
  const pad = (count: number): string => String(count).padStart(2, "0");
  return `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}

function withDate(notes: readonly JsonObject[]): JsonObject[] {
  return notes.map((note) => (note["type"] === "date" ? { ...note, date: toDate(new Date()) } : note));
}

/** Asks a process that reaches no API for the notes at the beginning of a turn. @throws the reason of `signal`. */
async function ask(command: Command, signal: AbortSignal): Promise<JsonObject[]> {
  const notes: JsonObject[] = [];
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const onLine = (line: string): void => {
    notes.push(...toNotes(line));
    if (isWhole(notes)) end();
  };
  const cli = startProcess(command, { onLine, onEnd: () => end() });
  const request = { subtype: "initialize", systemPrompt: [""] };
  cli.write(JSON.stringify({ type: "control_request", request_id: "r1", request }));
  cli.write(JSON.stringify(toUserLine({ role: "user", content: [{ type: "text", text: "hi" }] })));
  try {
    await untilAborted(ended, signal);
    return notes;
  } finally {
    await cli.stop("term");
  }
}

/** Learns the notes of a model in a home of their own, which goes again: no login or setting of the user's is seen. */
async function learn(
  options: NotesOptions,
  { path, workingFolder }: NotesSource,
  modelId: string,
  signal: AbortSignal,
): Promise<JsonObject[]> {
  await mkdir(options.temporaryFolder, { recursive: true, mode: 0o700 });
  const home = await mkdtemp(join(options.temporaryFolder, "notes-"));
  const session = { type: "begin", id: randomUUID() } as const;
  const args = [...toArgs({ tools: "none", model: modelId, session }, ""), "--session-mirror"];
  const env = toQuietEnvironment(options.environment, home);
  try {
    return await ask({ file: path, args, cwd: workingFolder, env }, signal);
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Makes what knows the notes of one installation. */
export function createNotes(options: NotesOptions): Notes {
  const { folder, environment, log } = options;
  const known = new Map<string, readonly JsonObject[]>();
  const asked = new Set<string>();
  const closing = new AbortController();
  const isOtherProvider = Object.keys(environment).some((name) => OTHER_PROVIDERS.test(name));
  /** One at a time: a second process would take the time the turns need. */
  let learning: Promise<void> = Promise.resolve();

  /** Everything that the notes tell, so that they are learned anew when any of it has changed. */
  function toFile({ version, workingFolder }: NotesSource, modelId: string): string {
    const facts = [version, modelId, workingFolder, process.platform, release(), environment["SHELL"] ?? ""];
    return join(folder, `${createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 32)}.json`);
  }

  async function readFrom(file: string): Promise<readonly JsonObject[] | undefined> {
    const notes = parseJson(await readFile(file, "utf8").catch(() => ""));
    return Array.isArray(notes) && notes.every(isObject) && isWhole(notes) ? notes : undefined;
  }

  async function learnInto(file: string, source: NotesSource, modelId: string): Promise<void> {
    await untilAborted(delay(REST_MS, undefined, { ref: false }), closing.signal);
    const patience = AbortSignal.any([closing.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const notes = await learn(options, source, modelId, patience);
    if (!isWhole(notes)) return log.debug("notes not learned", { model: modelId });
    known.set(file, notes);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Renamed into place: half a file would be read as none, and learned again each time.
    await writeFile(`${file}.new`, JSON.stringify(notes), { mode: 0o600 });
    await rename(`${file}.new`, file);
    log.debug("learned notes", { model: modelId, version: source.version });
  }

  return {
    async read(source, modelId) {
      if (isOtherProvider || !FULL_ID.test(modelId)) return [];
      const file = toFile(source, modelId);
      const notes = known.get(file) ?? (await readFrom(file));
      if (notes) {
        known.set(file, notes);
        return withDate(notes);
      }
      if (!asked.has(file)) {
        asked.add(file);
        learning = learning
          .then(() => learnInto(file, source, modelId))
          .catch((error: unknown) => log.debug("notes not learned", { model: modelId, cause: String(error) }));
      }
      return [];
    },
    async close() {
      closing.abort();
      await learning;
    },
  };
}
