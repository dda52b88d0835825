/** A history as the CLI's own transcript, so that it reaches the model as native turns: written, resumed, and gone. */
import { randomUUID } from "node:crypto";
import type { Message } from "../../core/turn.ts";
import { spellJson } from "../../lib/spell.ts";
import type { JsonObject } from "../../lib/json.ts";
import { createScratch } from "../../lib/scratch.ts";
import type { Scratch } from "../../lib/scratch.ts";
import { toContent } from "./content.ts";

/** A transcript on disk. Its owner must remove it. */
export interface Transcript {
  readonly file: string;
  /** The last entry's; the CLI goes on right after it, adding nothing. */
  readonly lastUuid: string;
  /** Deletes the file. Safe to call twice. */
  remove(): Promise<void>;
}

/** A conversation up to, and without, its newest message. */
export interface History {
  readonly messages: readonly Message[];
  /** The CLI's name of the model. */
  readonly model: string;
  /** The CLI's notes on a new conversation; none where they are not known, and the CLI adds them at the end. */
  readonly notes: readonly JsonObject[];
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

/**
 * The entries of a history. The CLI's notes follow the first user message, as in a conversation that it has begun
 * itself.
 */
function toEntries({ messages, model, notes }: History): object[] {
  const firstUser = messages.findIndex(({ role }) => role === "user");
  return messages.flatMap((message, at): object[] => [
    { type: message.role, message: toApiMessage(message, model, at) },
    ...(at === firstUser ? notes.map((attachment) => ({ type: "attachment", attachment })) : []),
  ]);
}

/** One line an entry, each pointing to the one before; in parts, as they are written. */
function* toText(entries: readonly object[], uuids: readonly string[]): Generator<string, void> {
  const sessionId = randomUUID();
  const timestamp = new Date().toISOString();
  for (const [at, entry] of entries.entries()) {
    const parentUuid = uuids[at - 1] ?? null;
    yield* spellJson({ parentUuid, isSidechain: false, ...entry, uuid: uuids[at], sessionId, timestamp });
    yield "\n";
  }
}

/** Makes the folder for transcripts, where each is for the moment a process needs to load it. */
export function createTranscripts(folder: string): Scratch {
  return createScratch({ folder, ending: ".jsonl" });
}

/** Writes a transcript that only this user can read. @throws the system's error. */
export async function writeTranscript(transcripts: Scratch, history: History): Promise<Transcript> {
  const entries = toEntries(history);
  const uuids = entries.map(() => randomUUID());
  const { path, write, remove } = transcripts.create();
  await write(toText(entries, uuids));
  return { file: path, lastUuid: uuids.at(-1) ?? "", remove };
}
