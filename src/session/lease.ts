/** A process for a turn: the one that knows the conversation, a warm spare, or one that is told the history first. */
import type { Launch } from "../cli/request/launch.ts";
import type { Conversation } from "../cli/conversation.ts";
import { writeTranscript } from "../cli/request/transcript.ts";
import { ProxyError } from "../core/error.ts";
import type { OwnTools } from "../core/profile.ts";
import type { Reply } from "../core/reply.ts";
import type { Turn } from "../core/turn.ts";
import type { Scratch } from "../lib/scratch.ts";
import { toFingerprints, toSetUpFingerprint } from "./fingerprint.ts";
import { toFreshSessionId, toNameId, toSystemMark } from "./named.ts";
import type { NamedRecord, NamedSessions } from "./named.ts";
import type { Spares } from "./spare.ts";
import type { Pool } from "./pool.ts";

export interface Job {
  readonly turn: Turn;
  /** The CLI's name of the model. */
  readonly model: string;
  /** True where the model has to be named at the start of a process. */
  readonly isPinned: boolean;
  /** What the CLI may use of its own. */
  readonly tools: OwnTools;
  /** A conversation the server keeps; the turn then brings only what is new. */
  readonly name: string | undefined;
}

export interface Lease {
  readonly conversation: Conversation;
  /** True when the process was there before: then it may have died unseen, and the turn can be tried once more. */
  readonly isOld: boolean;
  /** Called once the process has loaded what it was started with. */
  readonly onReady: () => void;
  /** Files a process that can go on, under what it knows now. */
  readonly file: (reply: Reply) => void | Promise<void>;
  /** Called once the turn is over, however it ended. */
  readonly leave: () => void;
}

export interface LeaseOptions {
  readonly start: (launch: Launch, signal: AbortSignal) => Promise<Conversation>;
  readonly pool: Pool;
  readonly spares: Spares;
  readonly named: NamedSessions;
  /** Holds transcripts for the moment a process needs to load them. */
  readonly transcripts: Scratch;
}

/** Finds or makes the lease for a job. `isFresh` passes by what was there before. */
export type TakeLease = (job: Job, signal: AbortSignal, isFresh: boolean) => Promise<Lease>;

const nothing = (): void => undefined;

/** Leases for conversations that bring their history. */
function createHistoryLeases({ start, pool, spares, transcripts }: LeaseOptions): TakeLease {
  async function replay(
    { turn, model, tools }: Job,
    signal: AbortSignal,
  ): Promise<{ conversation: Conversation; remove: () => void }> {
    const transcript = await writeTranscript(transcripts, turn.messages.slice(0, -1), model);
    const remove = (): void => void transcript.remove();
    try {
      const session = { type: "replay", file: transcript.file, lastUuid: transcript.lastUuid } as const;
      return { conversation: await start({ tools, model, session }, signal), remove };
    } catch (error) {
      remove();
      throw error;
    }
  }

  function claim(turn: Turn, key: string): Conversation | undefined {
    const held = pool.claim(key);
    if (held?.isAlive && held.isReadyFor(turn)) return held;
    void held?.close();
    return undefined;
  }

  return async (job, signal, isFresh) => {
    const fingerprints = toFingerprints(job.turn, job.model, job.tools);
    const file = (conversation: Conversation) => (reply: Reply) => pool.file(fingerprints.after(reply), conversation);
    const held = fingerprints.before === undefined || isFresh ? undefined : claim(job.turn, fingerprints.before);
    if (held) return { conversation: held, isOld: true, onReady: nothing, file: file(held), leave: nothing };
    if (job.turn.messages.length > 1) {
      const { conversation, remove } = await replay(job, signal);
      return { conversation, isOld: false, onReady: remove, file: file(conversation), leave: remove };
    }
    const launch: Launch = job.isPinned ? { tools: job.tools, model: job.model } : { tools: job.tools };
    const spare = isFresh ? undefined : spares.claim(launch);
    const conversation = spare ?? (await start(launch, signal));
    return { conversation, isOld: spare !== undefined, onReady: nothing, file: file(conversation), leave: nothing };
  };
}

/** Leases for conversations the server keeps by name. One turn of a name at a time: the caller sees to that. */
function createNamedLeases({
  start,
  pool,
  named,
}: LeaseOptions): (job: Job, name: string, signal: AbortSignal) => Promise<Lease> {
  /** What each live process was set up with. */
  const setUps = new WeakMap<Conversation, string>();

  /** The CLI keeps the system prompt a session was begun with. */
  function checkSystem({ system }: Turn, record: NamedRecord | undefined): void {
    if (!record || system === "" || record.system === toSystemMark(system)) return;
    throw new ProxyError(
      "invalid_request",
      "Cannot change the system prompt of a session: begin another with a new x-claude-session",
      {
        param: "x-claude-session",
      },
    );
  }

  async function claim(id: string, turn: Turn, setUp: string): Promise<Conversation | undefined> {
    const held = pool.claim(id);
    if (held?.isAlive && held.isReadyFor(turn) && setUps.get(held) === setUp) return held;
    // Two processes must not go on with one session: the old one is gone before the new one resumes it.
    await held?.close();
    return undefined;
  }

  return async ({ turn, model, tools }, name, signal) => {
    const id = toNameId(name);
    const record = await named.read(name);
    checkSystem(turn, record);
    const setUp = toSetUpFingerprint(turn, model, tools);
    const held = await claim(id, turn, setUp);
    const sessionId = record?.sessionId ?? toFreshSessionId();
    const session = record
      ? ({ type: "resume", id: sessionId, lastUuid: record.lastUuid } as const)
      : ({ type: "begin", id: sessionId } as const);
    const conversation = held ?? (await start({ tools, model, session }, signal));
    setUps.set(conversation, setUp);
    return {
      conversation,
      isOld: held !== undefined,
      onReady: nothing,
      async file() {
        await named.write(name, {
          sessionId,
          lastUuid: conversation.lastUuid,
          system: record?.system ?? toSystemMark(turn.system),
        });
        pool.file(id, conversation);
      },
      leave: nothing,
    };
  };
}

/** Makes the finder of leases. */
export function createLeases(options: LeaseOptions): TakeLease {
  const takeHistoryLeases = createHistoryLeases(options);
  const takeNamedLease = createNamedLeases(options);
  return (job, signal, isFresh) =>
    job.name === undefined ? takeHistoryLeases(job, signal, isFresh) : takeNamedLease(job, job.name, signal);
}
