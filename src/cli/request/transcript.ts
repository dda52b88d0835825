/** A history as the CLI's own transcript, so that it reaches the model as native turns: written, resumed, and gone. */
import { randomUUID } from "node:crypto";
import type { Message } from "../../core/turn.ts";
import { createScratch } from "../../lib/scratch.ts";
import type { Scratch } from "../../lib/scratch.ts";
import { toContent } from "./content.ts";

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

/** Makes the folder for transcripts, where each is for the moment a process needs to load it. */
export function createTranscripts(folder: string): Scratch {
  return createScratch({ folder, ending: ".jsonl" });
}

/** Writes a transcript that only this user can read. @throws the system's error. */
export async function writeTranscript(
  transcripts: Scratch,
  messages: readonly Message[],
  model: string,
): Promise<Transcript> {
  const { lines, lastUuid } = toLines(messages, model);
  const { path, write, remove } = transcripts.create();
  await write(`${lines.join("\n")}\n`);
  return { file: path, lastUuid, remove };
}
