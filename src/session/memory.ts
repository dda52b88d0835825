/**
 * Answers as the API gave them, and as MCP servers did, by the fingerprint of the conversation that each ends: a replay
 * has them in their places. In memory alone; what is forgotten is replayed as the client has it.
 */
import { hasThinkingOf, isRecordOf } from "../cli/answer/record.ts";
import type { AnswerRecord } from "../cli/answer/record.ts";
import { toMessages } from "../core/reply.ts";
import type { Reply } from "../core/reply.ts";
import { toSteps } from "../core/round.ts";
import type { Message } from "../core/turn.ts";
import { createLru } from "../lib/lru.ts";

/** A history, and for each message the record of that answer; undefined for a user's, and where none is known. */
export interface Recalled {
  readonly messages: readonly Message[];
  readonly records: readonly (AnswerRecord | undefined)[];
}

/** The answers that are remembered. */
export interface AnswerMemory {
  /** Remembers an answer, as far as the records of the model's messages say what the client was shown. */
  put(fingerprint: string, records: readonly AnswerRecord[], reply: Reply): void;
  /** Remembers the answers of one history as those of another, by their places. */
  copy(from: readonly (string | undefined)[], to: readonly (string | undefined)[]): void;
  /**
   * The history with its answers as they were. One with calls to MCP servers gets back the rounds that it had, results
   * with their images included: clients may have cut it otherwise. An answer that is not known, or to which a client
   * gives back other thinking than the model's, stays as the client has it. `fingerprints` are those of the messages.
   */
  recall(messages: readonly Message[], fingerprints: readonly (string | undefined)[]): Recalled;
}

/** One answer. */
interface Remembered {
  /** A record for each of its messages; undefined for results, and where none fits. */
  readonly records: readonly (AnswerRecord | undefined)[];
  /** Its messages, where there are several; of a single one the client has all that the record does not say. */
  readonly rounds: readonly Message[] | undefined;
  /** Its weight, measured once: an answer is taken and put back at each replay. */
  readonly bytes: number;
}

/** Bytes of all answers together: some hundred long conversations. */
const MOST_BYTES = 16 * 1024 * 1024;
/** The model's reasoning is worth keeping for longer than the prompt cache lives. */
const IDLE_MS = 24 * 60 * 60 * 1000;
/** A record's own weight beside its content. */
const FRAME_BYTES = 500;

/**
 * The record of each message of an answer, as far back from the last one as they fit: a call that the API broke off
 * has a record too, and a call that was told late has none.
 */
function align(messages: readonly Message[], records: readonly AnswerRecord[]): (AnswerRecord | undefined)[] {
  const left = [...records];
  let areFit = true;
  const aligned = messages.toReversed().map((message) => {
    if (message.role === "user") return undefined;
    const record = left.pop();
    areFit &&= record !== undefined && isRecordOf(record, message);
    return areFit ? record : undefined;
  });
  return aligned.toReversed();
}

function weigh(records: Remembered["records"], rounds: readonly Message[] = []): number {
  return FRAME_BYTES + Buffer.byteLength(JSON.stringify([records.map((record) => record?.content), rounds]));
}

/** Makes an empty memory. `maxBytes` bounds it; 16 MiB unless told. */
export function createAnswerMemory(maxBytes: number = MOST_BYTES): AnswerMemory {
  const answers = createLru<string, Remembered>({
    max: Number.POSITIVE_INFINITY,
    idleMs: IDLE_MS,
    maxWeight: maxBytes,
    weigh: ({ bytes }) => bytes,
    dispose: () => undefined,
  });

  function find(fingerprint: string | undefined): Remembered | undefined {
    const answer = fingerprint === undefined ? undefined : answers.take(fingerprint);
    // The youngest again.
    if (answer && fingerprint !== undefined) answers.put(fingerprint, answer);
    return answer;
  }

  function recallStep(step: readonly Message[], fingerprint: string | undefined): Recalled {
    const { records, rounds: messages = step } = find(fingerprint) ?? { records: [] };
    return messages.length === records.length && hasThinkingOf(records, step)
      ? { messages, records }
      : { messages: step, records: step.map(() => undefined) };
  }

  return {
    put(fingerprint, records, reply) {
      const messages = toMessages(reply);
      const aligned = align(messages, records);
      const rounds = messages.length > 1 ? messages : undefined;
      if (rounds || aligned[0]) answers.put(fingerprint, { records: aligned, rounds, bytes: weigh(aligned, rounds) });
    },
    recall(messages, fingerprints) {
      let end = 0;
      const steps = [...toSteps(messages)].map((step) => {
        end += step.length;
        return recallStep(step, fingerprints[end - 1]);
      });
      return {
        messages: steps.flatMap((step) => step.messages),
        records: steps.flatMap((step) => step.records),
      };
    },
    copy(from, to) {
      for (const [at, fingerprint] of to.entries()) {
        const old = from[at];
        if (fingerprint === undefined || old === fingerprint) continue;
        const answer = find(old);
        if (answer) answers.put(fingerprint, answer);
      }
    },
  };
}
