/**
 * Leases for conversations that bring their history: the process that knows it, a warm spare, or one that is told it
 * first.
 */
import type { Launch } from "../cli/request/launch.ts";
import { toFingerprints } from "./fingerprint.ts";
import type { Fingerprints } from "./fingerprint.ts";
import { createForecasts } from "./forecast.ts";
import { createLease } from "./lease.ts";
import type { Job, LeaseParts, TakeLease } from "./lease.ts";
import type { Pool } from "./pool.ts";
import { createPreparations } from "./preparation.ts";
import type { PreparationsOptions } from "./preparation.ts";
import { createReplays } from "./replay.ts";
import type { Replay, ReplayOptions } from "./replay.ts";

/** Sources of processes for conversations that bring their history. */
export interface HistoryOptions extends ReplayOptions, Omit<PreparationsOptions, "takeReplay"> {
  readonly pool: Pool;
  /** Called for each turn whose process has to be told its history. */
  readonly onReplay: () => void;
}

/** Leases for turns that bring their history. */
export interface HistoryLeases {
  readonly take: TakeLease;
  /** Prepares no more processes for histories that are to come. */
  close(): void;
}

/** A process for one turn, and the way the turn begins on it. */
type Found = Pick<LeaseParts, "job" | "conversation" | "start" | "onLoaded">;

/** The job as a process has to be told it that knows the history by a transcript. */
function toExactJob(job: Job, toExact: Replay["toExact"]): Job {
  return { ...job, turn: { ...job.turn, messages: toExact(job.turn.messages) } };
}

/** A process for a new conversation: a spare, or one that is started now. */
async function begin(
  { spares, start }: Pick<HistoryOptions, "spares" | "start">,
  job: Job,
  signal: AbortSignal,
  isFresh: boolean,
): Promise<Found> {
  const { model, tools, isPinned } = job;
  const launch: Launch = isPinned ? { tools, model } : { tools };
  const spare = isFresh ? undefined : spares.claim({ ...launch, isReplay: false });
  if (spare) return { job, conversation: spare.conversation, start: "spare" };
  return { job, conversation: await start(launch, signal), start: "cold" };
}

/** Makes the finder of processes for turns that bring their history. */
export function createHistoryLeases(options: HistoryOptions): HistoryLeases {
  const { pool, memory } = options;
  const takeReplay = createReplays(options);
  const forecasts = createForecasts();
  const preparations = createPreparations({ ...options, takeReplay });

  /** The process that knows the conversation up to its last message. */
  async function claim(job: Job, fingerprints: Fingerprints, signal: AbortSignal): Promise<Found | undefined> {
    const { before } = fingerprints;
    const useless = await forecasts.meet(fingerprints);
    if (useless !== undefined) void pool.claim(useless)?.close();
    if (before === undefined) return undefined;
    await preparations.finish(before, signal);
    const conversation = pool.claim(before);
    if (!conversation?.isAlive || !conversation.isReadyFor(job.turn)) return void conversation?.close();
    const toExact = preparations.confirm(conversation);
    return toExact
      ? { job: toExactJob(job, toExact), conversation, start: "forecast" }
      : { job, conversation, start: "hot" };
  }

  /** A process that is told the history first. */
  async function replay(job: Job, answers: Fingerprints["answers"], signal: AbortSignal, isFresh: boolean) {
    const { turn, model, tools, servers } = job;
    options.onReplay();
    const messages = turn.messages.slice(0, -1);
    // A process that waits cannot have loaded servers: `initialize` must be its first line, counts once, and holds the
    // system prompt and the tools, which are known with the turn alone (P10, P61). Servers that are given to it after
    // that take as long as in a new process: measured, 1.35 s instead of 1.45 to the API call.
    const order = { messages, answers: await answers(), model, tools, isFresh: isFresh || servers.length > 0 };
    const { toExact, ...found } = await takeReplay(order, signal);
    return { ...found, job: toExactJob(job, toExact) };
  }

  async function find(job: Job, fingerprints: Fingerprints, signal: AbortSignal, isFresh: boolean): Promise<Found> {
    const held = isFresh ? undefined : await claim(job, fingerprints, signal);
    if (held) return held;
    const isBegun = job.turn.messages.length > 1;
    return isBegun ? replay(job, fingerprints.answers, signal, isFresh) : begin(options, job, signal, isFresh);
  }

  /** Files the process under what it knows; where another history is to come, one is prepared for that instead. */
  function createFile(job: Job, fingerprints: Fingerprints): LeaseParts["file"] {
    return async (conversation, reply) => {
      const answered = { reply, key: await fingerprints.after(reply) };
      memory.put(answered.key, conversation.records, reply);
      if (!conversation.isReusable) return false;
      const { key, rewritten, settle } = await forecasts.expect(job.turn, fingerprints, answered);
      if (!rewritten) {
        pool.file(key, conversation, job.turn.messages.length > 1);
        return true;
      }
      memory.copy([answered.key], [key]);
      void conversation.close();
      const coming = await fingerprints.answers(rewritten);
      const answers = rewritten.map((_, at) => (at === rewritten.length - 1 ? key : coming[at]));
      memory.copy(await fingerprints.answers(), answers);
      preparations.begin({ key, job, messages: rewritten, answers, settle });
      return true;
    };
  }

  const take: TakeLease = async (job, signal, isFresh) => {
    const fingerprints = await toFingerprints(job.turn, job);
    const found = await find(job, fingerprints, signal, isFresh);
    return createLease({ ...found, file: createFile(job, fingerprints) });
  };

  return { take, close: preparations.close };
}
