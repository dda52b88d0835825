/** Leases for conversations the server keeps by name: the live process, or one that resumes the CLI's own session. */
import type { Launch } from "../cli/request/launch.ts";
import type { Conversation } from "../cli/conversation.ts";
import { ProxyError } from "../core/error.ts";
import type { EventStream } from "../core/event.ts";
import type { Turn } from "../core/turn.ts";
import { toSetUpFingerprint } from "./fingerprint.ts";
import { createLease } from "./lease.ts";
import type { Job, Lease } from "./lease.ts";
import { toFreshSessionId, toNameId, toSystemMark } from "./named.ts";
import type { NamedRecord, NamedSessions } from "./named.ts";
import type { Pool } from "./pool.ts";

/** Sources of processes for named conversations. */
export interface ResumeOptions {
  /** Starts a process. @throws ProxyError; the signal's reason. */
  readonly start: (launch: Launch, signal: AbortSignal) => Promise<Conversation>;
  readonly pool: Pool;
  readonly named: NamedSessions;
  /** Tells the CLI which entry a session goes on from, once no process has it (P59). Never rejects. */
  readonly noteLastEntry: (sessionId: string, uuid: string) => Promise<void>;
  /** True while the CLI has a transcript of a session, with this entry in it. Never rejects. */
  readonly hasEntry: (sessionId: string, uuid: string) => Promise<boolean>;
  /** Deletes what the CLI keeps of a session. @throws the system's error. */
  readonly deleteTranscript: (sessionId: string) => Promise<void>;
}

/** Finds or starts the process of a name. One turn of a name at a time: the caller sees to that. */
export type TakeNamedLease = (job: Job, name: string, signal: AbortSignal) => Promise<Lease>;

/** Leases for named conversations. */
export interface NamedLeases {
  readonly take: TakeNamedLease;
  /** Ends the process of a conversation, by its `toNameId`, if there is one, and waits until it is gone. */
  end(id: string): Promise<void>;
  /** Settles once nothing is left of sessions whose first turn has not ended well, and whose processes are gone. */
  settle(): Promise<void>;
}

/** The CLI keeps the system prompt a session was begun with (P101). */
function checkSystem({ system }: Turn, record: NamedRecord | undefined): void {
  if (!record || system === "" || record.system === toSystemMark(system)) return;
  throw new ProxyError(
    "invalid_request",
    "Cannot change the system prompt of a session: begin another with a new x-claude-session",
    { param: "x-claude-session" },
  );
}

function toGoneError(name: string): ProxyError {
  return new ProxyError(
    "invalid_request",
    `Cannot go on with session ${name}: the CLI's transcript of it is gone, or ends before its last answer. To begin ` +
      `anew, send DELETE /v1/sessions/${name}`,
    { param: "x-claude-session" },
  );
}

/** A CLI that finds nothing to resume fails the turn in words of its own; its file is surer. */
async function* playResumed(events: EventStream, isThere: () => Promise<boolean>, name: string): EventStream {
  try {
    yield* events;
  } catch (error) {
    const isFailed = error instanceof ProxyError && error.kind === "bad_gateway";
    throw isFailed && !(await isThere()) ? toGoneError(name) : error;
  }
}

/** Starts a process that goes on with the session of the record, or begins one. */
async function open(
  { start, noteLastEntry }: ResumeOptions,
  { tools, model, servers }: Job,
  record: NamedRecord | undefined,
  signal: AbortSignal,
): Promise<readonly [sessionId: string, Conversation]> {
  if (record) await noteLastEntry(record.sessionId, record.lastUuid);
  const session = record
    ? ({ type: "resume", id: record.sessionId, lastUuid: record.lastUuid } as const)
    : ({ type: "begin", id: toFreshSessionId() } as const);
  return [session.id, await start({ tools, model, session, ...(servers.length > 0 ? { servers } : {}) }, signal)];
}

/** Deletes what the CLI keeps of sessions that no record names: nobody could go on with them, or delete them. */
function createForgetter({ deleteTranscript }: ResumeOptions) {
  const under = new Set<Promise<void>>();
  return {
    /** Deletes it in the background, once the process is gone. */
    add(sessionId: string, { gone }: Conversation): void {
      // What cannot be deleted now goes with the CLI's own old transcripts.
      const forgetting = gone.then(() => deleteTranscript(sessionId)).catch(() => undefined);
      under.add(forgetting);
      void forgetting.then(() => under.delete(forgetting));
    },
    async settle(): Promise<void> {
      await Promise.all(under);
    },
  };
}

/** The last process of each name, until it is gone. */
function createLastProcesses() {
  const last = new Map<string, Conversation>();
  return {
    keep(id: string, conversation: Conversation): void {
      if (last.get(id) === conversation) return;
      last.set(id, conversation);
      void conversation.gone.then(() => {
        if (last.get(id) === conversation) last.delete(id);
      });
    },
    /** Settles when it is gone. */
    async end(id: string): Promise<void> {
      await last.get(id)?.close();
    },
  };
}

/** Makes the finder of processes for named conversations. */
export function createNamedLeases(options: ResumeOptions): NamedLeases {
  const { pool, named, hasEntry } = options;
  /** The set-up of each live process. */
  const setUps = new WeakMap<Conversation, string>();
  const last = createLastProcesses();
  const forgetter = createForgetter(options);

  /** The process that has the session; when there is none that fits, the one before is gone. */
  async function claim(id: string, turn: Turn, setUp: string): Promise<Conversation | undefined> {
    const held = pool.claim(id);
    if (held?.isAlive && held.isReadyFor(turn) && setUps.get(held) === setUp) return held;
    // Two processes must not go on with one session: the old one, filed or not, is gone before the new one resumes it.
    await last.end(id);
    return undefined;
  }

  /** Settles once no process has the session. */
  async function end(id: string): Promise<void> {
    void pool.claim(id);
    await last.end(id);
  }

  const take: TakeNamedLease = async (job, name, signal) => {
    const id = toNameId(name);
    const record = await named.read(name);
    checkSystem(job.turn, record);
    const setUp = await toSetUpFingerprint(job.turn, job);
    // A process without a record is of no use: its session could not be resumed later.
    const held = record ? await claim(id, job.turn, setUp) : await end(id);
    const [sessionId, conversation] =
      record && held ? [record.sessionId, held] : await open(options, job, record, signal);
    setUps.set(conversation, setUp);
    last.keep(id, conversation);
    const system = record?.system ?? toSystemMark(job.turn.system);
    let isKept = record !== undefined;
    const lease = createLease({
      job,
      conversation,
      start: held ? "hot" : "cold",
      async file({ lastUuid, isReusable, isResumable }) {
        if (!isResumable) return false;
        await named.write(name, { sessionId, lastUuid, system });
        isKept = true;
        if (!isReusable) return false;
        pool.file(id, conversation, true);
        return true;
      },
    });
    return {
      ...lease,
      play(signal) {
        const events = lease.play(signal);
        return record ? playResumed(events, () => hasEntry(sessionId, record.lastUuid), name) : events;
      },
      end() {
        lease.end();
        if (!isKept) forgetter.add(sessionId, conversation);
      },
    };
  };

  return { take, end, settle: forgetter.settle };
}
