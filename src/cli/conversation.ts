/** One conversation in one CLI process: set up by its first turn, then any number of turns, each a stream of events. */
import { ProxyError } from "../core/error.ts";
import type { EventStream, TurnEvent } from "../core/event.ts";
import type { Turn } from "../core/turn.ts";
import { withinSilence } from "../lib/timeout.ts";
import type { AnswerRecord } from "./answer/record.ts";
import { isReadyFor, isResumable, isReusable, toEnding } from "./phase.ts";
import type { Answering } from "./phase.ts";
import { CliEndedError, toClosedError } from "./protocol/channel.ts";
import type { Channel } from "./protocol/channel.ts";
import type { Launch } from "./request/launch.ts";
import { startWorker, toResults } from "./worker.ts";
import type { Step, Worker, WorkerOptions } from "./worker.ts";

/** One conversation on one process, from its first turn to the process's end. */
export interface Conversation {
  readonly pid: number | undefined;
  /** False from the moment the process can take no more: it has ended, failed, or is being closed. */
  readonly isAlive: boolean;
  /** Settles when the process is gone; never rejects. */
  readonly gone: Promise<void>;
  /** True between turns that ended well: the process can take the conversation on exactly as the client knows it. */
  readonly isReusable: boolean;
  /**
   * True when its session, if the CLI persists it, can be resumed right after `lastUuid` with all that the client has:
   * between turns, and where an answer was cut at the end of a message.
   */
  readonly isResumable: boolean;
  /** The options that it was started with. */
  readonly launch: Launch;
  /** The CLI's id of the last answer, for resuming right after it; empty before the first. */
  readonly lastUuid: string;
  /** The model's messages of the last turn, oldest first. */
  readonly records: readonly AnswerRecord[];
  /** True when the last user message of this turn can be handed to the process as it stands. */
  isReadyFor(turn: Turn): boolean;
  /**
   * Plays the last message of the turn; the process knows those before. One turn at a time, and read to its end: `done`
   * is the last event. After a throw, or a return before the end, the process is of no more use and has to be closed.
   * @throws CliEndedError when the process has ended, ProxyError when the turn fails; the signal's reason when it
   * aborts.
   */
  play(step: Step, signal: AbortSignal): EventStream;
  /**
   * Sets a fresh process that was started with a transcript up for the turns that follow, ahead of the first: their
   * system prompt, tools and settings are those of the step's turn. Its messages are not looked at.
   */
  prepare(step: Step): void;
  /**
   * Asks for the account's models, which `onCatalogue` is then told; spends no quota. Never rejects. @returns the
   * failure, if there is no answer.
   */
  askModels(): Promise<Error | undefined>;
  /** Ends the process, at once when a turn is under way; settles when it is gone. Never rejects. */
  close(): Promise<void>;
}

/** Settings of a conversation's process. */
export interface ConversationOptions extends WorkerOptions {
  /** Longest silence of the CLI in a turn, in milliseconds. */
  readonly activityMs: number;
}

/**
 * Takes the events that have come, or waits for the next. @throws ProxyError `timeout` after `limitMs` without a line.
 */
async function read(
  { events }: Answering,
  channel: Channel,
  limitMs: number,
  signal: AbortSignal,
): Promise<TurnEvent[]> {
  // No timeout while events are queued: the pause is ours, for a slow reader.
  if (events.weight > 0) return (await events.take(signal)).flat();
  const toError = (): Error =>
    new ProxyError("timeout", `Cannot finish answer: no output from the CLI for ${limitMs / 1000} seconds`);
  return (await withinSilence({ signal, limitMs, lastAt: () => channel.lastLineAt, toError }, events.take)).flat();
}

/** Reads a turn to its end. One left before that makes the process of no more use. */
async function* readAll(worker: Worker, turn: Answering, limitMs: number, signal: AbortSignal): EventStream {
  try {
    for (let isOver = false; !isOver;) {
      const events = await read(turn, worker.channel, limitMs, signal);
      isOver = events.at(-1)?.type === "done";
      yield events;
    }
  } finally {
    if (worker.phase === turn) worker.spend("its turn was left", toClosedError());
  }
}

/**
 * Starts a process for one conversation; it waits, warm, until the first turn tells it which.
 * @throws ProxyError `unavailable` when no process can be started.
 */
export function startConversation(options: ConversationOptions): Conversation {
  const worker = startWorker(options);
  const { channel, recorder, tellModels } = worker;
  return {
    pid: channel.pid,
    gone: channel.gone,
    launch: options.launch,
    get isAlive() {
      return worker.phase.type !== "spent";
    },
    get isReusable() {
      return isReusable(worker.phase);
    },
    get isResumable() {
      return isResumable(worker.phase);
    },
    get lastUuid() {
      return recorder.lastUuid;
    },
    get records() {
      return recorder.records;
    },
    isReadyFor(turn) {
      const results = toResults(turn);
      return isReadyFor(worker.phase, results, (turn.messages.at(-1)?.content.length ?? 0) - results.length);
    },
    async *play(step, signal) {
      signal.throwIfAborted();
      const { phase } = worker;
      if (phase.type === "spent") throw new CliEndedError(phase.cause);
      if (phase.type === "answering") throw new Error("a turn is under way");
      yield* readAll(worker, worker.begin(step, phase), options.activityMs, signal);
    },
    prepare: (step) => worker.prepare(step),
    askModels: () =>
      channel.request({ subtype: "list_models" }).then(
        (response) => void tellModels(response),
        (error: Error) => error,
      ),
    close() {
      const ending = toEnding(worker.phase);
      worker.spend("it was closed", toClosedError());
      return channel.close(ending);
    },
  };
}
