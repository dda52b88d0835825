/** Runs a turn: admits it, plays it on the process that fits, and files that process again before the answer ends. */
import { CliEndedError } from "../cli/protocol/channel.ts";
import { ProxyError, toProxyError } from "../core/error.ts";
import type { EventStream, TurnEvent } from "../core/event.ts";
import { createFold } from "../core/reply.ts";
import type { Fold, Reply } from "../core/reply.ts";
import type { Start } from "../core/start.ts";
import type { OptionalSetting } from "../core/turn.ts";
import { GateFullError } from "../lib/gate.ts";
import type { Gate } from "../lib/gate.ts";
import type { Job, Lease, TakeLease } from "./lease.ts";
import type { NamedSessions } from "./named.ts";
import { omitMore } from "./optional.ts";
import type { Fitted, OptionalSettings } from "./optional.ts";
import type { Pace } from "./pace.ts";
import type { Refusals } from "./refusal.ts";
import type { TakeNamedLease } from "./resume.ts";

/** Parts that play a turn. */
export interface RunOptions {
  /** Finds a process for a turn that brings its history. */
  readonly takeLease: TakeLease;
  /** Finds a process for a conversation the server keeps. */
  readonly takeNamedLease: TakeNamedLease;
  /** Bounds the turns that run at once; the others wait in line. */
  readonly gate: Gate;
  readonly named: NamedSessions;
  readonly refusals: Refusals;
  readonly optional: OptionalSettings;
  /** Checks what the user keeps of the plan. @throws ProxyError when a turn is not to be played now. */
  readonly checkReserve: () => void;
  /** Told of each turn that runs, so that no process is started at its cost. */
  readonly pace: Pace;
  /** Looks at the spares again; called once a turn is over. */
  readonly refill: () => void;
  /** Told what each turn has shown about the CLI's login. */
  readonly recordLogin: (isLoggedIn: boolean) => void;
  /** The sentence for a login that is missing or refused, with its cure on this machine. */
  readonly loginSentence: string;
}

/** A turn under way. It begins when its events are first asked for. */
export interface RunningTurn {
  /**
   * Ends when the answer does. Returning early or aborting ends the turn's process.
   * @throws ProxyError, before the first event or in mid-stream; the signal's reason when it aborts.
   */
  readonly events: EventStream;
  /** The fold of the events so far; whole once `done` is among them. */
  readonly reply: Reply;
  /** The way it began; undefined before a process was found. */
  readonly start: Start | undefined;
  /** Settings that it is played without; certain once the first event has come. */
  readonly omitted: readonly OptionalSetting[];
}

/** Makes a turn of a job. @throws ProxyError at once when the account is known to refuse it now. */
export type Run = (job: Job, signal: AbortSignal) => RunningTurn;

/** State of a turn while it runs. */
interface Progress {
  readonly fold: Fold;
  omitted: readonly OptionalSetting[];
  start: Start | undefined;
}

const isDelta = ({ type }: TurnEvent): boolean => type !== "start" && type !== "mcp_servers";

const QUEUE_RETRY_SECONDS = 5;

/** A full line is a 429: the client may try again soon. */
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

/** A name's turns wait for each other before they wait for a place: waiting in one, they would keep others out. */
async function admit({ gate, named }: RunOptions, { name, client }: Job, signal: AbortSignal): Promise<() => void> {
  const leaveName = name === undefined ? undefined : await waitInLine(named.enter(name, signal));
  try {
    const leaveGate = await waitInLine(gate.enter(signal, client));
    return () => {
      leaveGate();
      leaveName?.();
    };
  } catch (error) {
    leaveName?.();
    throw error;
  }
}

function take(
  { takeLease, takeNamedLease }: RunOptions,
  job: Job,
  signal: AbortSignal,
  isFresh: boolean,
): Promise<Lease> {
  return job.name === undefined ? takeLease(job, signal, isFresh) : takeNamedLease(job, job.name, signal);
}

/** Plays on one process: files it when the answer is done, before the client can see that, and ends it otherwise. */
async function* playOn(lease: Lease, signal: AbortSignal, progress: Progress): EventStream {
  let isDone = false;
  progress.start = lease.start;
  try {
    for await (const events of lease.play(signal)) {
      progress.fold.add(events);
      isDone = events.at(-1)?.type === "done";
      if (isDone) await lease.file(progress.fold.reply);
      yield events;
    }
    if (!isDone) throw new ProxyError("bad_gateway", "Cannot finish answer: the CLI stopped sending");
  } finally {
    lease.end();
  }
}

/** One try at a turn. */
interface Attempt extends Fitted {
  /** Passes by the processes that were there before. */
  readonly isFresh: boolean;
  /** The API has refused the one before, which had sampling. */
  readonly isRefused: boolean;
}

/**
 * The try that follows one of which nothing was shown: an old process may have died unseen, and sampling may be what
 * the API has refused. Each is tried once; undefined for every other failure.
 */
function toNextAttempt(attempt: Attempt, { isOld }: Lease, error: unknown): Attempt | undefined {
  if (error instanceof CliEndedError) return isOld && !attempt.isFresh ? { ...attempt, isFresh: true } : undefined;
  const isRefused = error instanceof ProxyError && error.kind === "invalid_request";
  if (!isRefused || attempt.job.turn.sampling === undefined) return undefined;
  return { ...attempt, ...omitMore(attempt, ["sampling"]), isRefused };
}

/** Plays on one process after another, until one has shown something or another try would not help. */
async function* playOnAny(options: RunOptions, asked: Job, signal: AbortSignal, progress: Progress): EventStream {
  let next: Attempt | undefined = { ...options.optional.fit(asked), isFresh: false, isRefused: false };
  while (next) {
    const attempt: Attempt = next;
    progress.omitted = attempt.omitted;
    const lease = await take(options, attempt.job, signal, attempt.isFresh);
    let hasShown = false;
    try {
      for await (const events of playOn(lease, signal, progress)) {
        // The answer shows that sampling was at fault, and no other part of the request.
        if (attempt.isRefused && !hasShown) options.optional.refuseSampling(asked.model);
        hasShown = true;
        yield events;
      }
      return;
    } catch (error) {
      next = hasShown ? undefined : toNextAttempt(attempt, lease, error);
      if (!next) throw error;
    }
  }
}

/** Plays a turn that was admitted, and tells its pace. */
async function* play(options: RunOptions, job: Job, signal: AbortSignal, progress: Progress): EventStream {
  const paced = options.pace.begin();
  try {
    for await (const events of playOnAny(options, job, signal, progress)) {
      if (events.some(isDelta)) paced.stream();
      yield events;
    }
  } finally {
    paced.end();
  }
}

/** Makes the one function through which every turn runs. */
export function createRun(options: RunOptions): Run {
  const { refusals, refill, recordLogin } = options;

  async function* runOn(job: Job, signal: AbortSignal, progress: Progress): EventStream {
    let release: (() => void) | undefined;
    try {
      release = await admit(options, job, signal);
      yield* play(options, job, signal, progress);
      refusals.clearLogin();
      recordLogin(true);
    } catch (error) {
      const failure = toProxyError(error);
      if (failure.kind !== "not_logged_in") {
        refusals.record(failure, job.model);
        throw error;
      }
      recordLogin(false);
      const refusal = new ProxyError("not_logged_in", options.loginSentence, { cause: error });
      refusals.record(refusal, job.model);
      throw refusal;
    } finally {
      release?.();
      refill();
    }
  }

  return (job, signal) => {
    refusals.check(job.model);
    options.checkReserve();
    const { omitted } = options.optional.fit(job);
    const progress: Progress = { fold: createFold(), omitted, start: undefined };
    return {
      events: runOn(job, signal, progress),
      get reply() {
        return progress.fold.reply;
      },
      get start() {
        return progress.start;
      },
      get omitted() {
        return progress.omitted;
      },
    };
  };
}
