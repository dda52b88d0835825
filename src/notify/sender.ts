/** Sends what turns want told: one loop for each message, and one memory of how long a chat takes nothing. */
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../lib/log.ts";
import { createBot } from "./bot.ts";
import { createMessage } from "./message.ts";
import type { Call, Failure, Message } from "./message.ts";

/** Bot and log of the sender. */
export interface SenderOptions {
  readonly token: string;
  /** Without a slash at its end. */
  readonly apiUrl: string;
  readonly log: Log;
  /** Least time between two changes of a message, in milliseconds; 3 s unless told. */
  readonly intervalMs?: number;
  /** Longest time for one call, in milliseconds; 10 s unless told. */
  readonly timeoutMs?: number;
}

/** One turn's message, as the turn sees it. Nothing here waits. */
export interface Line {
  /** Shows this text while the turn runs. */
  show(text: string): void;
  /** The turn is over: the message is removed, or the failure is told and stays. Only the first call counts. */
  finish(failure?: Failure): void;
}

/** Sends messages until it is closed. */
export interface Sender {
  /** Begins a message in a chat; undefined while too many are looked after. */
  open(chat: string): Line | undefined;
  /** Lets what is due be sent for at most `graceMs`, and drops the rest. */
  close(graceMs: number): Promise<void>;
}

const INTERVAL_MS = 3000;
const TIMEOUT_MS = 10_000;
/** Messages that are looked after at once, each with at most one call under way; a turn past that has none. */
const MOST_MESSAGES = 32;
/** Longest timer there is; a longer wait is a row of them. */
const MOST_WAIT_MS = 2 ** 31 - 1;

/** A wait that can be ended from outside. */
interface Bell {
  ring(): void;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

function createBell(): Bell {
  let rung = new AbortController();
  return {
    ring: () => rung.abort(),
    async wait(ms, signal) {
      const either = AbortSignal.any([signal, rung.signal]);
      // Ended early, it has ended all the same.
      await delay(Math.min(ms, MOST_WAIT_MS), undefined, { signal: either, ref: false }).catch(() => undefined);
      if (rung.signal.aborted) rung = new AbortController();
    },
  };
}

function toLine(message: Message, bell: Bell): Line {
  return {
    show(text) {
      message.show(text);
      bell.ring();
    },
    finish(failure) {
      message.finish(failure);
      bell.ring();
    },
  };
}

/** Makes the only sender of a server. The log never shows the token. */
export function createSender(options: SenderOptions): Sender {
  const { token, apiUrl, log, intervalMs = INTERVAL_MS, timeoutMs = TIMEOUT_MS } = options;
  const bot = createBot({ token, apiUrl, timeoutMs });
  const closing = new AbortController();
  const driving = new Set<Promise<void>>();
  /** The time at which each chat takes messages again: a limit holds for all that is sent to it. */
  const heldUntilMs = new Map<string, number>();

  async function make(call: Call, message: Message, chat: string): Promise<void> {
    const { method } = call;
    const outcome = await bot(method, call.parameters, closing.signal);
    const nowMs = performance.now();
    message.settle(call, outcome, nowMs);
    if (outcome.type === "limited") heldUntilMs.set(chat, nowMs + outcome.retryAfterMs);
    if (outcome.type === "refused") return log.warn("telegram refuses", { method, cause: outcome.cause });
    log.debug("telegram", { method, outcome: outcome.type, ...("cause" in outcome ? { cause: outcome.cause } : {}) });
  }

  async function drive(message: Message, chat: string, bell: Bell): Promise<void> {
    while (!closing.signal.aborted) {
      const nowMs = performance.now();
      const action = message.next(nowMs);
      if (action.type === "end") return;
      const untilMs = action.type === "wait" ? action.untilMs : (heldUntilMs.get(chat) ?? 0);
      if (action.type === "call" && untilMs <= nowMs) await make(action.call, message, chat);
      else await bell.wait(untilMs - nowMs, closing.signal);
    }
  }

  return {
    open(chat) {
      if (driving.size >= MOST_MESSAGES) return void log.debug("telegram has too much to tell");
      const message = createMessage({ chat, intervalMs });
      const bell = createBell();
      const driven = drive(message, chat, bell).catch((error: unknown) =>
        log.error("telegram", { cause: String(error).replaceAll(token, "[token]") }),
      );
      driving.add(driven);
      void driven.finally(() => driving.delete(driven));
      return toLine(message, bell);
    },
    async close(graceMs) {
      const grace = new AbortController();
      await Promise.race([
        Promise.all(driving),
        delay(graceMs, undefined, { signal: grace.signal }).catch(() => undefined),
      ]);
      grace.abort();
      closing.abort();
    },
  };
}
