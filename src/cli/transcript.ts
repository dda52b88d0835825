/** A history as the CLI's own transcript, so that it reaches the model as native turns: written, resumed, and gone. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Message } from "../core/turn.ts";
import { toContent } from "./input.ts";

export interface Transcript {
  readonly file: string;
  /** The last entry's; the CLI goes on right after it, adding nothing. */
  readonly lastUuid: string;
  /** Deletes the file. Safe to call twice. */
  remove(): Promise<void>;
}

const NO_TOKENS = { input_tokens: 0, output_tokens: 0 };

function toApiMessage(message: Message, model: string, at: number): object {
  const content = toContent(message);
  if (message.role === "user") return { role: "user", content };
  const stop_reason = message.content.some(({ type }) => type === "call") ? "tool_use" : "end_turn";
  return {
    id: `msg_replay${at}`,
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason,
    stop_sequence: null,
    usage: NO_TOKENS,
  };
}

/** One line a message, each pointing to the one before. */
function toLines(messages: readonly Message[], model: string): { lines: string[]; lastUuid: string } {
  const sessionId = randomUUID();
  const timestamp = new Date().toISOString();
  let parentUuid: string | null = null;
  let lastUuid = "";
  const lines = messages.map((message, at) => {
    lastUuid = randomUUID();
    const entry = {
      parentUuid,
      isSidechain: false,
      type: message.role,
      message: toApiMessage(message, model, at),
      uuid: lastUuid,
      sessionId,
      timestamp,
    };
    parentUuid = lastUuid;
    return JSON.stringify(entry);
  });
  return { lines, lastUuid };
}

/** Writes a transcript that only this user can read. The name begins with our pid, so that a later start knows it for ours. */
export async function writeTranscript(
  folder: string,
  messages: readonly Message[],
  model: string,
): Promise<Transcript> {
  const { lines, lastUuid } = toLines(messages, model);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${process.pid}-${randomUUID()}.jsonl`);
  await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o600, flag: "wx" });
  return { file, lastUuid, remove: () => rm(file, { force: true }) };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Deletes what a server that died left behind. Files of one that runs are its own. */
export async function sweepTranscripts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const stale = names.filter((name) => name.endsWith(".jsonl") && !isRunning(Number.parseInt(name, 10)));
  await Promise.all(stale.map((name) => rm(join(folder, name), { force: true })));
}
