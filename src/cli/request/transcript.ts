/** A history as the CLI's own transcript, so that it reaches the model as native turns: written, resumed, and gone. */
import { randomUUID } from "node:crypto";
import { LONG_CONTEXT } from "../../core/model.ts";
import { toCallId } from "../../core/turn.ts";
import type { Message, UserPart } from "../../core/turn.ts";
import { spellJson } from "../../lib/spell.ts";
import type { JsonObject } from "../../lib/json.ts";
import { createScratch } from "../../lib/scratch.ts";
import type { Scratch, ScratchFile } from "../../lib/scratch.ts";
import type { AnswerRecord } from "../answer/record.ts";
import { toContent } from "./content.ts";

/** The place of a transcript: a process can be started with it before it is known what the transcript is to hold. */
export interface TranscriptPlace {
  /** Its owner must remove it. */
  readonly file: ScratchFile;
  /** The UUID of the last entry; the CLI goes on right after it, adding nothing. */
  readonly lastUuid: string;
}

/** A conversation up to, and without, its newest message. */
export interface History {
  /** As `toExactMessages` gives them. */
  readonly messages: readonly Message[];
  /** For each message the record of that answer; undefined for a user's, and where none is known. */
  readonly records: readonly (AnswerRecord | undefined)[];
  /** The id of the model that is to go on. Answers without a record count as its own: their thinking is read. */
  readonly modelId: string;
  /** The CLI's notes on a new conversation; none where they are not known, and the CLI adds them at the end. */
  readonly notes: readonly JsonObject[];
}

const NO_TOKENS = { input_tokens: 0, output_tokens: 0 };

function toEntry({ records, modelId }: History, message: Message, at: number): object {
  if (message.role === "user") return { type: "user", message: { role: "user", content: toContent(message) } };
  const record = records[at];
  const answer = {
    id: `msg_replay${at}`,
    type: "message",
    role: "assistant",
    // The API tells the id alone.
    model: record?.model ?? modelId.replace(LONG_CONTEXT, ""),
    content: record?.content ?? toContent(message),
    stop_reason: message.content.some(({ type }) => type === "call") ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: NO_TOKENS,
  };
  // Without it the effort of the turn to come stands for this one too.
  const effort = record?.effort === undefined ? {} : { effort: record.effort };
  return { type: "assistant", ...effort, message: answer };
}

/** The results in a message that follows these calls, by the calls' own ids and in their order. */
function toExactResults(message: Message, ids: ReadonlyMap<string, string>): Message {
  if (message.role === "assistant") return message;
  const places = new Map([...ids.keys()].map((id, place) => [id, place]));
  const toPlace = (part: UserPart): number => (part.type === "result" ? (places.get(part.id) ?? 0) : places.size);
  const content = [...message.content]
    .sort((a, b) => toPlace(a) - toPlace(b))
    .map((part) => (part.type === "result" ? { ...part, id: ids.get(part.id) ?? part.id } : part));
  return { role: "user", content };
}

/** The calls of an answer in their order: the API's id of each by the client's. */
function toCallIds(message: Message, record: AnswerRecord | undefined): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  if (message.role === "user") return ids;
  for (const part of message.content) if (part.type === "call") ids.set(part.id, part.id);
  for (const { type, id } of record?.content ?? [])
    if (type === "tool_use" && typeof id === "string") ids.set(toCallId(id), id);
  return ids;
}

/**
 * The messages of a conversation with its tool results as the live process has them: in the order of their calls, and
 * by the API's own ids where the answer that made the calls has a record.
 */
export function toExactMessages(messages: readonly Message[], records: History["records"]): Message[] {
  return messages.map((message, at) => {
    const calling = messages[at - 1];
    return calling?.role === "assistant" ? toExactResults(message, toCallIds(calling, records[at - 1])) : message;
  });
}

/**
 * The entries of a history. The CLI's notes follow the first user message, as in a conversation that it has begun
 * itself.
 */
function toEntries(history: History): object[] {
  const { messages, notes } = history;
  const firstUser = messages.findIndex(({ role }) => role === "user");
  return messages.flatMap((message, at): object[] => [
    toEntry(history, message, at),
    ...(at === firstUser ? notes.map((attachment) => ({ type: "attachment", attachment })) : []),
  ]);
}

/** One line an entry, each pointing to the one before; in parts, as they are written. */
function* toText(entries: readonly object[], lastUuid: string): Generator<string, void> {
  const sessionId = randomUUID();
  const timestamp = new Date().toISOString();
  let parentUuid: string | null = null;
  for (const [at, entry] of entries.entries()) {
    const uuid = at === entries.length - 1 ? lastUuid : randomUUID();
    yield* spellJson({ parentUuid, isSidechain: false, ...entry, uuid, sessionId, timestamp });
    yield "\n";
    parentUuid = uuid;
  }
}

/** Makes the folder for transcripts, where each is for the moment a process needs to load it. */
export function createTranscripts(folder: string): Scratch {
  return createScratch({ folder, ending: ".jsonl" });
}

/** Chooses a place for a transcript; nothing is on disk before it is written. */
export function choosePlace(transcripts: Scratch): TranscriptPlace {
  return { file: transcripts.create(), lastUuid: randomUUID() };
}

/** Writes a transcript that only this user can read. @throws the system's error. */
export async function writeTranscript({ file, lastUuid }: TranscriptPlace, history: History): Promise<void> {
  await file.write(toText(toEntries(history), lastUuid));
}
