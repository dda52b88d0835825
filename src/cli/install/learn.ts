/**
 * Learns the CLI's notes from a process that is thrown away: it has a home of its own and reaches no API, and it writes
 * the notes before it would ask one.
 */
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { untilAborted } from "../../lib/abort.ts";
import { isObject, parseJson } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import { spellJson } from "../../lib/spell.ts";
import { startProcess } from "../process/process.ts";
import type { Command } from "../process/process.ts";
import { toUserLine } from "../request/content.ts";
import { toArgs, toEnvironment } from "../request/launch.ts";

/** The CLI that is asked. */
export interface NotesSource {
  readonly path: string;
  readonly version: string;
  /** Working directory of the conversation's process; the notes name it. */
  readonly workingFolder: string;
}

/** Surroundings of the process that is asked. */
export interface LearnOptions {
  /** Folder for its files, for the moment. */
  readonly temporaryFolder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** The kinds of note, as the transcript calls them. */
const KINDS = ["environment", "model", "session_context", "date"];
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

/** True when there is a note of each kind. */
export const isWhole = (notes: readonly JsonObject[]): boolean =>
  KINDS.every((kind) => notes.some(({ type }) => type === kind));

/**
 * Asks a process that reaches no API for the notes at the beginning of a turn (P53, P56).
 * @throws the reason of `signal`.
 */
async function ask(command: Command, signal: AbortSignal): Promise<JsonObject[]> {
  const notes: JsonObject[] = [];
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const onLine = (line: string): void => {
    notes.push(...toNotes(line));
    if (isWhole(notes)) end();
  };
  signal.throwIfAborted();
  const cli = startProcess(command, { onLine, onEnd: () => end() });
  const request = { subtype: "initialize", systemPrompt: [""] };
  cli.write(spellJson({ type: "control_request", request_id: "r1", request }));
  cli.write(spellJson(toUserLine({ role: "user", content: [{ type: "text", text: "hi" }] })));
  try {
    await untilAborted(ended, signal);
    return notes;
  } finally {
    await cli.stop("kill");
  }
}

/**
 * Learns the notes of a model, by its full id, in a home that goes again: no login or setting of the user's is seen.
 * Perhaps not whole. The process is gone when it settles. @throws the reason of `signal`; the system's error.
 */
export async function learnNotes(
  options: LearnOptions,
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
