/** Runs a turn: waits for a place, finds the process that knows the conversation or makes one, and files it again after. */
import { CliEndedError } from "../cli/channel.ts";
import type { Launch } from "../cli/args.ts";
import type { Conversation } from "../cli/client.ts";
import { writeTranscript } from "../cli/transcript.ts";
import { ProxyError, toProxyError } from "../core/error.ts";
import type { EventStream } from "../core/event.ts";
import { createFolder } from "../core/reply.ts";
import type { Reply } from "../core/reply.ts";
import type { Turn } from "../core/turn.ts";
import { GateFullError } from "../lib/gate.ts";
import type { Gate } from "../lib/gate.ts";
import { toKeys } from "./key.ts";
import { toSessionId, toSystemMark } from "./named.ts";
import type { NamedSessions } from "./named.ts";
import type { Refusals } from "./refusal.ts";
import type { Spares } from "./spare.ts";
import type { Store } from "./store.ts";

export interface Job {
  readonly turn: Turn;
  /** The CLI's name of the model. */
  readonly model: string;
  /** A conversation the server keeps; the turn then brings only what is new. */
  readonly name: string | undefined;
}

export interface RunOptions {
  readonly start: (launch: Launch, signal: AbortSignal) => Promise<Conversation>;
  readonly noteLogin: (isLoggedIn: boolean) => void;
  readonly gate: Gate;
  readonly store: Store;
  readonly spares: Spares;
  readonly named: NamedSessions;
  readonly refusals: Refusals;
  /** Where transcripts are written for the moment a process needs to load them. */
  readonly replayFolder: string;
}

/**
 * Plays a job's turn. Ends when the answer does; returning early or aborting ends its process.
 * @throws ProxyError, before the first event or in mid-stream; the signal's reason when it aborts.
 */
export type Run = (job: Job, signal: AbortSignal) => EventStream;

/** A process to play a turn on. */
interface Seat {
  readonly conversation: Conversation;
  /** True when it was there before: then it may have died unseen, and the turn can be tried once more. */
  readonly isOld: boolean;
  readonly onReady: () => void;
  /** Files a process that can go on, under what it knows now. */
  readonly file: (reply: Reply) => void | Promise<void>;
  /** Called once the turn is over, however it ended. */
  readonly leave: () => void;
}

const nothing = (): void => undefined;
const QUEUE_RETRY_SECONDS = 5;

/** Makes the one function through which every turn runs. */
export function createRun(options: RunOptions): Run {
  const { start, gate, store, spares, named, refusals } = options;

  async function replay({ turn, model }: Job, signal: AbortSignal): Promise<{ conversation: Conversation; remove: () => void }> {
    const transcript = await writeTranscript(options.replayFolder, turn.messages.slice(0, -1), model);
    const remove = (): void => void transcript.remove();
    try {
      const session = { type: "replay", file: transcript.file, lastUuid: transcript.lastUuid } as const;
      return { conversation: await start({ model, session }, signal), remove };
    } catch (error) {
      remove();
      throw error;
    }
  }

  async function takeSeat(job: Job, signal: AbortSignal, isSecondTry: boolean): Promise<Seat> {
    const keys = toKeys(job.turn, job.model);
    const file = (conversation: Conversation) => (reply: Reply) => store.file(keys.after(reply), conversation);
    const held = keys.before === undefined || isSecondTry ? undefined : store.claim(keys.before);
    if (held?.isAlive && held.isReadyFor(job.turn)) {
      return { conversation: held, isOld: true, onReady: nothing, file: file(held), leave: nothing };
    }
    void held?.close();
    if (job.turn.messages.length > 1) {
      const { conversation, remove } = await replay(job, signal);
      return { conversation, isOld: false, onReady: remove, file: file(conversation), leave: remove };
    }
    const spare = isSecondTry ? undefined : spares.claim();
    const conversation = spare ?? (await start({}, signal));
    return { conversation, isOld: spare !== undefined, onReady: nothing, file: file(conversation), leave: nothing };
  }

  async function resume({ turn, model }: Job, id: string, signal: AbortSignal): Promise<Conversation> {
    const record = await named.read(id);
    if (record && turn.system !== "" && record.system !== toSystemMark(turn.system)) {
      throw new ProxyError("invalid_request", "Cannot change the system prompt of a session: begin another with a new x-session-id", {
        param: "x-session-id",
      });
    }
    const session = record ? ({ type: "resume", id, lastUuid: record.lastUuid } as const) : ({ type: "begin", id } as const);
    return start({ model, session }, signal);
  }

  /** A named conversation's process is filed under its name and set-up; a change of the set-up resumes it anew. */
  async function takeNamedSeat(job: Job, name: string, signal: AbortSignal): Promise<Seat> {
    const id = toSessionId(name);
    const leave = await named.enter(id, signal);
    try {
      const held = store.claim(id);
      const isFit = held?.isAlive && held.isReadyFor(job.turn) && held.model === job.model;
      if (held && !isFit) await held.close();
      const conversation = held && isFit ? held : await resume(job, id, signal);
      const system = toSystemMark(job.turn.system);
      return {
        conversation,
        isOld: held === conversation,
        onReady: nothing,
        async file() {
          const known = await named.read(id);
          await named.write(id, { lastUuid: conversation.lastUuid, system: known?.system ?? system });
          store.file(id, conversation);
        },
        leave,
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async function* playOn(seat: Seat, { turn, model }: Job, signal: AbortSignal): EventStream {
    const { conversation } = seat;
    const folder = createFolder();
    let isFiled = false;
    try {
      for await (const events of conversation.play({ turn, model, onReady: seat.onReady }, signal)) {
        folder.add(events);
        // Filed before the client can see the end, and so before its next request.
        if (events.at(-1)?.type === "done" && conversation.isReusable) {
          isFiled = true;
          await seat.file(folder.reply);
        }
        yield events;
      }
    } finally {
      if (!isFiled) void conversation.close();
      seat.leave();
    }
  }

  async function* playOnce(job: Job, signal: AbortSignal, isSecondTry: boolean): EventStream {
    const seat = job.name === undefined ? await takeSeat(job, signal, isSecondTry) : await takeNamedSeat(job, job.name, signal);
    let hasShown = false;
    try {
      for await (const events of playOn(seat, job, signal)) {
        hasShown = true;
        yield events;
      }
    } catch (error) {
      const isUnseen = seat.isOld && !hasShown && !isSecondTry && error instanceof CliEndedError;
      if (!isUnseen) throw error;
      yield* playOnce(job, signal, true);
    }
  }

  async function enterGate(signal: AbortSignal): Promise<() => void> {
    try {
      return await gate.enter(signal);
    } catch (error) {
      if (!(error instanceof GateFullError)) throw error;
      throw new ProxyError("rate_limited", `Too many turns at once: ${gate.inside} run and ${gate.waiting} wait`, {
        retryAfterSeconds: QUEUE_RETRY_SECONDS,
      });
    }
  }

  return async function* run(job, signal) {
    refusals.check(job.model);
    const leave = await enterGate(signal);
    try {
      yield* playOnce(job, signal, false);
      refusals.clearLogin();
      options.noteLogin(true);
    } catch (error) {
      const failure = toProxyError(error);
      refusals.note(failure, job.model);
      if (failure.kind === "not_logged_in") options.noteLogin(false);
      throw error;
    } finally {
      leave();
    }
  };
}
