/**
 * Leases for conversations that bring their history: the process that knows it, a warm spare, or one that is told it
 * first.
 */
import type { Launch } from "../cli/request/launch.ts";
import type { Conversation } from "../cli/conversation.ts";
import type { Reply } from "../core/reply.ts";
import type { Turn } from "../core/turn.ts";
import { toFingerprints } from "./fingerprint.ts";
import type { Fingerprints } from "./fingerprint.ts";
import { createLease } from "./lease.ts";
import type { Job, LeaseParts, TakeLease } from "./lease.ts";
import type { Pool } from "./pool.ts";
import { createReplays } from "./replay.ts";
import type { ReplayOptions } from "./replay.ts";

/** Sources of processes for conversations that bring their history. */
export interface HistoryOptions extends ReplayOptions {
  readonly pool: Pool;
  /** Called for each turn whose process has to be told its history. */
  readonly onReplay: () => void;
}

/** A process for one turn, and the way the turn begins on it. */
type Found = Pick<LeaseParts, "job" | "conversation" | "start" | "onLoaded">;

/** Makes the finder of processes for turns that bring their history. */
export function createHistoryLeases(options: HistoryOptions): TakeLease {
  const { start, pool, spares, memory } = options;
  const takeReplay = createReplays(options);

  /** The process that knows the conversation up to its last message. */
  function claim(turn: Turn, fingerprint: string): Conversation | undefined {
    const held = pool.claim(fingerprint);
    if (held?.isAlive && held.isReadyFor(turn)) return held;
    void held?.close();
    return undefined;
  }

  /** A process that is told the history first. */
  async function replay(job: Job, answers: Fingerprints["answers"], signal: AbortSignal, isFresh: boolean) {
    const { turn, model, tools } = job;
    options.onReplay();
    const messages = turn.messages.slice(0, -1);
    const order = { messages, answers: await answers(), model, tools, isFresh };
    const { toExact, ...found } = await takeReplay(order, signal);
    return { ...found, job: { ...job, turn: { ...turn, messages: toExact(turn.messages) } } };
  }

  /** A spare, or a new process. */
  async function begin(job: Job, signal: AbortSignal, isFresh: boolean): Promise<Found> {
    const { model, tools, isPinned } = job;
    const launch: Launch = isPinned ? { tools, model } : { tools };
    const spare = isFresh ? undefined : spares.claim({ ...launch, isReplay: false });
    if (spare) return { job, conversation: spare.conversation, start: "spare" };
    return { job, conversation: await start(launch, signal), start: "cold" };
  }

  async function find(
    job: Job,
    { before, answers }: Fingerprints,
    signal: AbortSignal,
    isFresh: boolean,
  ): Promise<Found> {
    const held = before === undefined || isFresh ? undefined : claim(job.turn, before);
    if (held) return { job, conversation: held, start: "hot" };
    return job.turn.messages.length > 1 ? replay(job, answers, signal, isFresh) : begin(job, signal, isFresh);
  }

  return async (job, signal, isFresh) => {
    const { turn, model, tools } = job;
    const fingerprints = await toFingerprints(turn, model, tools);
    let after: Promise<string> | undefined;
    const toKey = (reply: Reply): Promise<string> => (after ??= fingerprints.after(reply));
    return createLease({
      ...(await find(job, fingerprints, signal, isFresh)),
      file: async (process, reply) => pool.file(await toKey(reply), process, turn.messages.length > 1),
      onAnswer: async ({ record }, reply) => memory.put(await toKey(reply), record, reply),
    });
  };
}
