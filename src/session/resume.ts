/** Leases for conversations the server keeps by name: the live process, or one that resumes the CLI's own session. */
import type { Launch } from "../cli/request/launch.ts";
import type { Conversation } from "../cli/conversation.ts";
import { ProxyError } from "../core/error.ts";
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
}

/** Finds or starts the process of a name. One turn of a name at a time: the caller sees to that. */
export type TakeNamedLease = (job: Job, name: string, signal: AbortSignal) => Promise<Lease>;

/** The CLI keeps the system prompt a session was begun with (P58). */
function checkSystem({ system }: Turn, record: NamedRecord | undefined): void {
  if (!record || system === "" || record.system === toSystemMark(system)) return;
  throw new ProxyError(
    "invalid_request",
    "Cannot change the system prompt of a session: begin another with a new x-claude-session",
    { param: "x-claude-session" },
  );
}

/** Makes the finder of processes for named conversations. */
export function createNamedLeases({ start, pool, named, noteLastEntry }: ResumeOptions): TakeNamedLease {
  /** The set-up of each live process. */
  const setUps = new WeakMap<Conversation, string>();
  /** The last process of each name, until it is gone. */
  const last = new Map<string, Conversation>();

  async function claim(id: string, turn: Turn, setUp: string): Promise<Conversation | undefined> {
    const held = pool.claim(id);
    if (held?.isAlive && held.isReadyFor(turn) && setUps.get(held) === setUp) return held;
    // Two processes must not go on with one session: the old one, filed or not, is gone before the new one resumes it.
    await last.get(id)?.close();
    return undefined;
  }

  function keepLast(id: string, conversation: Conversation): void {
    if (last.get(id) === conversation) return;
    last.set(id, conversation);
    void conversation.gone.then(() => {
      if (last.get(id) === conversation) last.delete(id);
    });
  }

  return async (job, name, signal) => {
    const { turn, model, tools, servers } = job;
    const id = toNameId(name);
    const record = await named.read(name);
    checkSystem(turn, record);
    const setUp = await toSetUpFingerprint(turn, job);
    const held = await claim(id, turn, setUp);
    if (record && !held) await noteLastEntry(record.sessionId, record.lastUuid);
    const sessionId = record?.sessionId ?? toFreshSessionId();
    const session = record
      ? ({ type: "resume", id: sessionId, lastUuid: record.lastUuid } as const)
      : ({ type: "begin", id: sessionId } as const);
    const conversation =
      held ?? (await start({ tools, model, session, ...(servers.length > 0 ? { servers } : {}) }, signal));
    setUps.set(conversation, setUp);
    keepLast(id, conversation);
    const system = record?.system ?? toSystemMark(turn.system);
    return createLease({
      job,
      conversation,
      start: held ? "hot" : "cold",
      async file({ lastUuid, isReusable }) {
        if (!isReusable) return false;
        await named.write(name, { sessionId, lastUuid, system });
        pool.file(id, conversation, true);
        return true;
      },
    });
  };
}
