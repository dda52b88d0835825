/** Runs a turn: waits for a place, plays it on the process that fits, and files that process again before the answer ends. */
import { CliEndedError } from "../cli/protocol/channel.ts";
import { ProxyError, toProxyError } from "../core/error.ts";
import type { EventStream } from "../core/event.ts";
import { createFold } from "../core/reply.ts";
import { GateFullError } from "../lib/gate.ts";
import type { Gate } from "../lib/gate.ts";
import type { NamedSessions } from "./named.ts";
import type { Refusals } from "./refusal.ts";
import type { Job, Lease, TakeLease } from "./lease.ts";

export interface RunOptions {
  readonly takeLease: TakeLease;
  readonly gate: Gate;
  readonly named: NamedSessions;
  readonly refusals: Refusals;
  /** Puts a spare in the place of one that was claimed. */
  readonly refill: () => void;
  /** Told what each turn has shown about the CLI's login. */
  readonly noteLogin: (isLoggedIn: boolean) => void;
}

/**
 * Plays a job's turn. Ends when the answer does; returning early or aborting ends its process.
 * @throws ProxyError, before the first event or in mid-stream; the signal's reason when it aborts.
 */
export type Run = (job: Job, signal: AbortSignal) => EventStream;

const QUEUE_RETRY_SECONDS = 5;

async function* playOn(lease: Lease, { turn, model }: Job, signal: AbortSignal): EventStream {
  const { conversation } = lease;
  const fold = createFold();
  let isFiled = false;
  try {
    for await (const events of conversation.play({ turn, model, onReady: lease.onReady }, signal)) {
      fold.add(events);
      // Filed before the client can see the end, and so before its next request.
      if (events.at(-1)?.type === "done" && conversation.isReusable) {
        await lease.file(fold.reply);
        isFiled = true;
      }
      yield events;
    }
  } finally {
    if (!isFiled) void conversation.close();
    lease.leave();
  }
}

/** A line that is full is a 429: the client may try again soon. */
async function waitInLine(enter: Promise<() => void>): Promise<() => void> {
  try {
    return await enter;
  } catch (error) {
    if (!(error instanceof GateFullError)) throw error;
    throw new ProxyError("rate_limited", "Too many turns at once: the line is full", {
      retryAfterSeconds: QUEUE_RETRY_SECONDS,
    });
  }
}

/** Makes the one function through which every turn runs. */
export function createRun({ takeLease, gate, named, refusals, refill, noteLogin }: RunOptions): Run {
  async function* play(job: Job, signal: AbortSignal, isFresh: boolean): EventStream {
    const lease = await takeLease(job, signal, isFresh);
    let hasShown = false;
    try {
      for await (const events of playOn(lease, job, signal)) {
        // Not before: a starting process would take the time the first event is waiting for.
        if (!hasShown) refill();
        hasShown = true;
        yield events;
      }
    } catch (error) {
      const isUnseen = lease.isOld && !hasShown && error instanceof CliEndedError;
      if (!isUnseen || isFresh) throw error;
      yield* play(job, signal, true);
    }
  }

  async function* playInPlace(job: Job, signal: AbortSignal): EventStream {
    const leave = await waitInLine(gate.enter(signal));
    try {
      yield* play(job, signal, false);
    } finally {
      leave();
      refill();
    }
  }

  /** A name's turns wait for each other before they take a place: waiting in one, they would keep others out. */
  async function* playInTurn(job: Job, signal: AbortSignal): EventStream {
    if (job.name === undefined) return yield* playInPlace(job, signal);
    const leave = await waitInLine(named.enter(job.name, signal));
    try {
      yield* playInPlace(job, signal);
    } finally {
      leave();
    }
  }

  return async function* run(job, signal) {
    refusals.check(job.model);
    try {
      yield* playInTurn(job, signal);
      refusals.clearLogin();
      noteLogin(true);
    } catch (error) {
      const failure = toProxyError(error);
      refusals.note(failure, job.model);
      if (failure.kind === "not_logged_in") noteLogin(false);
      throw error;
    }
  };
}
