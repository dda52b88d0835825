/**
 * Answers as the API gave them, by the fingerprint of the conversation that each ends: a replay has them in their
 * places. In memory alone; what is forgotten is replayed as the client has it.
 */
import { hasThinkingOf, isRecordOf } from "../cli/answer/record.ts";
import type { AnswerRecord } from "../cli/answer/record.ts";
import type { Reply } from "../core/reply.ts";
import type { Message } from "../core/turn.ts";
import { createLru } from "../lib/lru.ts";

/** The answers that are remembered. */
export interface AnswerMemory {
  /** Remembers an answer, if the record says what the client was shown. */
  put(fingerprint: string, record: AnswerRecord | undefined, reply: Reply): void;
  /** Remembers the answers of one history as those of another, by their places. */
  copy(from: readonly (string | undefined)[], to: readonly (string | undefined)[]): void;
  /**
   * For each message the record of that answer. Undefined for a user's message, an answer that is not known, and one
   * to which a client gives back other thinking than the model's. `fingerprints` are those of the messages.
   */
  recall(
    messages: readonly Message[],
    fingerprints: readonly (string | undefined)[],
  ): readonly (AnswerRecord | undefined)[];
}

/** Bytes of all records together: some hundred long conversations. */
const MOST_BYTES = 16 * 1024 * 1024;
/** The model's reasoning is worth keeping for longer than the prompt cache lives. */
const IDLE_MS = 24 * 60 * 60 * 1000;
/** A record's own weight beside its content. */
const FRAME_BYTES = 500;

/** Makes an empty memory. `maxBytes` bounds it; 16 MiB unless told. */
export function createAnswerMemory(maxBytes: number = MOST_BYTES): AnswerMemory {
  const records = createLru<string, AnswerRecord>({
    max: Number.POSITIVE_INFINITY,
    idleMs: IDLE_MS,
    maxWeight: maxBytes,
    weigh: ({ content }) => FRAME_BYTES + Buffer.byteLength(JSON.stringify(content)),
    dispose: () => undefined,
  });

  function find(fingerprint: string): AnswerRecord | undefined {
    const record = records.take(fingerprint);
    // The youngest again.
    if (record) records.put(fingerprint, record);
    return record;
  }

  return {
    put(fingerprint, record, reply) {
      if (record && isRecordOf(record, reply)) records.put(fingerprint, record);
    },
    copy(from, to) {
      for (const [at, fingerprint] of to.entries()) {
        const old = from[at];
        if (old === undefined || fingerprint === undefined || old === fingerprint) continue;
        const record = find(old);
        if (record) records.put(fingerprint, record);
      }
    },
    recall: (messages, fingerprints) =>
      messages.map((message, at) => {
        const fingerprint = fingerprints[at];
        const record = fingerprint === undefined ? undefined : find(fingerprint);
        return record && hasThinkingOf(record, message) ? record : undefined;
      }),
  };
}
