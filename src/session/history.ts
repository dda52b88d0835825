/**
 * Leases for conversations that bring their history: the process that knows it, a warm spare, or one that is told it
 * first.
 */
import type { Launch } from "../cli/request/launch.ts";
import type { Conversation } from "../cli/conversation.ts";
import { toExactMessages, writeTranscript } from "../cli/request/transcript.ts";
import type { OwnTools } from "../core/profile.ts";
import type { Reply } from "../core/reply.ts";
import type { Turn } from "../core/turn.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Scratch } from "../lib/scratch.ts";
import { toFingerprints } from "./fingerprint.ts";
import type { Fingerprints } from "./fingerprint.ts";
import { createLease } from "./lease.ts";
import type { Job, Lease, LeaseParts, TakeLease } from "./lease.ts";
import type { AnswerMemory } from "./memory.ts";
import type { Pool } from "./pool.ts";
import type { Spares } from "./spare.ts";

/** Sources of processes for conversations that bring their history. */
export interface HistoryOptions {
  /** Starts a process. @throws ProxyError; the signal's reason. */
  readonly start: (launch: Launch, signal: AbortSignal) => Promise<Conversation>;
  readonly pool: Pool;
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
  /** Called for each turn whose process has to be told its history. */
  readonly onReplay: () => void;
  /** The answers that replays are given word for word. */
  readonly memory: AnswerMemory;
}

/** The parts of a lease that every turn of a history has, and the fingerprints they go by. */
interface Filing extends Required<Pick<LeaseParts, "file" | "onAnswer">> {
  readonly fingerprints: Fingerprints;
}

/** Makes the finder of processes for turns that bring their history. */
export function createHistoryLeases(options: HistoryOptions): TakeLease {
  const { start, pool, spares, transcripts, readNotes, memory } = options;

  function claim(turn: Turn, fingerprint: string): Conversation | undefined {
    const held = pool.claim(fingerprint);
    if (held?.isAlive && held.isReadyFor(turn)) return held;
    void held?.close();
    return undefined;
  }

  /** Starts a process that is told the history first. The transcript is deleted once it has been read. */
  async function replay(job: Job, filing: Filing, signal: AbortSignal): Promise<Lease> {
    const { fingerprints, ...parts } = filing;
    const { turn, model, tools } = job;
    options.onReplay();
    const records = memory.recall(turn.messages.slice(0, -1), await fingerprints.answers());
    const messages = toExactMessages(turn.messages, records);
    const transcript = await writeTranscript(transcripts, {
      messages: messages.slice(0, -1),
      records,
      modelId: options.toModelId(model),
      notes: await readNotes(model, tools),
    });
    const onLoaded = (): void => void transcript.remove();
    try {
      const session = { type: "replay", file: transcript.file, lastUuid: transcript.lastUuid } as const;
      const conversation = await start({ tools, model, session }, signal);
      const exact = { ...job, turn: { ...turn, messages } };
      return createLease({ ...parts, job: exact, conversation, start: "cold", onLoaded });
    } catch (error) {
      onLoaded();
      throw error;
    }
  }

  return async (job, signal, isFresh) => {
    const { turn, model, tools } = job;
    const fingerprints = await toFingerprints(turn, model, tools);
    let after: Promise<string> | undefined;
    const toKey = (reply: Reply): Promise<string> => (after ??= fingerprints.after(reply));
    const filing: Filing = {
      fingerprints,
      file: async (process, reply) => pool.file(await toKey(reply), process, turn.messages.length > 1),
      onAnswer: async ({ record }, reply) => memory.put(await toKey(reply), record, reply),
    };
    const { file, onAnswer } = filing;
    const held = fingerprints.before === undefined || isFresh ? undefined : claim(turn, fingerprints.before);
    if (held) return createLease({ job, conversation: held, start: "hot", file, onAnswer });
    if (turn.messages.length > 1) return replay(job, filing, signal);
    const launch: Launch = job.isPinned ? { tools, model } : { tools };
    const spare = isFresh ? undefined : spares.claim(launch);
    if (spare) return createLease({ job, conversation: spare, start: "spare", file, onAnswer });
    return createLease({ job, conversation: await start(launch, signal), start: "cold", file, onAnswer });
  };
}
