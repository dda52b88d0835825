/** Processes that are told a history: one that waits for it, or a new one. */
import type { Conversation } from "../cli/conversation.ts";
import type { Launch } from "../cli/request/launch.ts";
import { choosePlace, toExactMessages, writeTranscript } from "../cli/request/transcript.ts";
import type { OwnTools } from "../core/profile.ts";
import type { Message } from "../core/turn.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Scratch } from "../lib/scratch.ts";
import type { AnswerMemory } from "./memory.ts";
import type { Spares } from "./spare.ts";

/** Sources of processes, and of what they are told. */
export interface ReplayOptions {
  /** Starts a process. @throws ProxyError; the signal's reason. */
  readonly start: (launch: Launch, signal: AbortSignal) => Promise<Conversation>;
  readonly spares: Spares;
  /** Holds transcripts for the moment a process needs to load them. */
  readonly transcripts: Scratch;
  /**
   * The CLI's notes on a new conversation with this model and these tools of the CLI's own; none while they are not
   * known.
   */
  readonly readNotes: (model: string, tools: OwnTools) => Promise<readonly JsonObject[]>;
  /** The id that answers for the CLI's name of a model, as far as it is known. */
  readonly toModelId: (model: string) => string;
  /** The answers that replays are given word for word. */
  readonly memory: AnswerMemory;
}

/** A history, and the process that is to know it. */
export interface ReplayOrder {
  /** At least one message, without the one that the next turn brings. */
  readonly messages: readonly Message[];
  /** For each message the fingerprint of a process whose last answer it was; undefined for a user's. */
  readonly answers: readonly (string | undefined)[];
  /** The CLI's name of the model. */
  readonly model: string;
  /** The CLI's own tools. */
  readonly tools: OwnTools;
  /** True for a process of its own: those that waited are passed by. */
  readonly isFresh: boolean;
}

/** A process that loads the history once it is set up. */
export interface Replay {
  readonly conversation: Conversation;
  readonly start: "waiting" | "cold";
  /** The messages of a turn that goes on from the history, the last one as the process needs it. */
  readonly toExact: (messages: readonly Message[]) => readonly Message[];
  /** Deletes the transcript: to be called once the process has loaded it, or is gone. Safe to call twice. */
  readonly onLoaded: () => void;
}

/** Finds or starts the process for a history. @throws ProxyError; the signal's reason. */
export type TakeReplay = (order: ReplayOrder, signal: AbortSignal) => Promise<Replay>;

/** Makes the finder of processes for histories that none knows. */
export function createReplays({ start, spares, transcripts, memory, ...options }: ReplayOptions): TakeReplay {
  return async ({ messages, answers, model, tools, isFresh }, signal) => {
    const spare = isFresh ? undefined : spares.claim({ tools, model, isReplay: true });
    const place = spare?.transcript ?? choosePlace(transcripts);
    const onLoaded = (): void => void place.file.remove();
    const known = memory.recall(messages, answers);
    const toExact = (all: readonly Message[]): readonly Message[] =>
      toExactMessages([...known.messages, ...all.slice(-1)], known.records);
    const parts = { toExact, onLoaded };
    try {
      await writeTranscript(place, {
        messages: toExactMessages(known.messages, known.records),
        records: known.records,
        modelId: options.toModelId(model),
        notes: await options.readNotes(model, tools),
      });
      if (spare) return { ...parts, conversation: spare.conversation, start: "waiting" };
      const session = { type: "replay", file: place.file.path, lastUuid: place.lastUuid } as const;
      return { ...parts, conversation: await start({ tools, model, session }, signal), start: "cold" };
    } catch (error) {
      void spare?.conversation.close();
      onLoaded();
      throw error;
    }
  };
}
