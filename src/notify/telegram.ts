/** Telegram messages about turns that use the CLI's own tools: seen from beside the event stream, which never waits for them. */
import { setTimeout as delay } from "node:timers/promises";
import { ProxyError, toProxyError } from "../core/error.ts";
import type { EventStream } from "../core/event.ts";
import type { Log } from "../lib/log.ts";
import { createBot } from "./bot.ts";
import { createMessage } from "./message.ts";
import type { Call, Message } from "./message.ts";
import { createActivities } from "./text.ts";
import type { Activity } from "./text.ts";

/** What the user has set up; without chats nothing is ever sent. */
export interface TelegramSettings {
  readonly token: string;
  /** Chats that may be told; the first is told unless a request names another. */
  readonly chats: readonly string[];
  /** Without a slash at its end. */
  readonly apiUrl: string;
}

export interface TelegramOptions extends TelegramSettings {
  readonly log: Log;
  /** Least time between two changes of a message, in milliseconds; 3 s unless told. */
  readonly intervalMs?: number;
  /** Longest time for one call, in milliseconds; 10 s unless told. */
  readonly timeoutMs?: number;
}

export interface Telegram {
  /** The chat that a request is told in, if any. @throws ProxyError `forbidden` for one that is not listed. */
  chooseChat(asked: string | undefined): string | undefined;
  /** Passes the events on as they are; from the first progress on, a message shows what runs, until the answer is done. */
  watch(events: EventStream, chat: string | undefined): EventStream;
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
function createBell(): { ring(): void; wait(ms: number, signal: AbortSignal): Promise<void> } {
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

/** One turn's message, as the turn sees it. */
type Line = Pick<Message, "show" | "finish">;

/** Makes the messages' one sender. */
export function createTelegram({
  token,
  chats,
  apiUrl,
  log,
  intervalMs = INTERVAL_MS,
  timeoutMs = TIMEOUT_MS,
}: TelegramOptions): Telegram {
  const bot = createBot({ token, apiUrl, timeoutMs });
  const closing = new AbortController();
  const driving = new Set<Promise<void>>();
  /** When each chat takes messages again: a limit holds for all that is sent to it. */
  const heldUntilMs = new Map<string, number>();

  async function make(call: Call, message: Message, chat: string): Promise<void> {
    const outcome = await bot(call.method, call.parameters, closing.signal);
    const nowMs = performance.now();
    message.settle(call, outcome, nowMs);
    if (outcome.type === "limited") heldUntilMs.set(chat, nowMs + outcome.retryAfterMs);
    if (outcome.type === "refused") log.warn("telegram refuses", { method: call.method, cause: outcome.cause });
    else
      log.debug("telegram", {
        method: call.method,
        outcome: outcome.type,
        ...("cause" in outcome ? { cause: outcome.cause } : {}),
      });
  }

  async function drive(
    message: Message,
    chat: string,
    wait: (ms: number, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    while (!closing.signal.aborted) {
      const nowMs = performance.now();
      const action = message.next(nowMs);
      if (action.type === "end") return;
      const untilMs = action.type === "wait" ? action.untilMs : (heldUntilMs.get(chat) ?? 0);
      if (action.type === "call" && untilMs <= nowMs) await make(action.call, message, chat);
      else await wait(untilMs - nowMs, closing.signal);
    }
  }

  function open(chat: string): Line | undefined {
    if (driving.size >= MOST_MESSAGES) return void log.debug("telegram has too much to tell");
    const message = createMessage({ chat, intervalMs });
    const bell = createBell();
    const line: Line = {
      show(text) {
        message.show(text);
        bell.ring();
      },
      finish(failure) {
        message.finish(failure);
        bell.ring();
      },
    };
    const driven = drive(message, chat, bell.wait).catch((error: unknown) =>
      log.error("telegram", { cause: String(error).replaceAll(token, "[token]") }),
    );
    driving.add(driven);
    void driven.finally(() => driving.delete(driven));
    return line;
  }

  async function* watchOn(events: EventStream, chat: string): EventStream {
    const activities = createActivities();
    let line: Line | undefined;
    const tell = (activity: Activity): void => {
      // A turn that had no place for its first tool has none for the others.
      if (activities.add(activity) === 1) line = open(chat);
      line?.show(activities.progress);
    };
    try {
      for await (const batch of events) {
        for (const event of batch) if (event.type === "progress") tell(event);
        yield batch;
      }
    } catch (error) {
      const failure = toProxyError(error);
      // Whoever has left knows.
      line?.finish(failure.kind === "canceled" ? undefined : activities.toFailure(failure));
      throw error;
    } finally {
      line?.finish();
    }
  }

  return {
    chooseChat(asked) {
      if (asked === undefined || chats.includes(asked)) return asked ?? chats[0];
      throw new ProxyError(
        "forbidden",
        "Cannot use x-telegram-chat-id: this chat is not listed in TELEGRAM_NOTIFY_ID",
        { param: "x-telegram-chat-id" },
      );
    },
    watch: (events, chat) => (chat === undefined ? events : watchOn(events, chat)),
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
