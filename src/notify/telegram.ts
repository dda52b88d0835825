/**
 * Telegram messages: the progress of turns with tools of the CLI's own, every failure, and notices about the plan. The
 * event stream never waits for them.
 */
import { ProxyError, toProxyError } from "../core/error.ts";
import type { EventStream } from "../core/event.ts";
import type { Failure } from "./message.ts";
import { createSender } from "./sender.ts";
import type { Line, SenderOptions } from "./sender.ts";
import { createActivities } from "./text.ts";
import type { Activity } from "./text.ts";

/** The user's set-up; without chats nothing is ever sent. */
export interface TelegramSettings {
  readonly token: string;
  /** Chats that may be told; the first is told unless a request names another. */
  readonly chats: readonly string[];
  /** Without a slash at its end. */
  readonly apiUrl: string;
}

/** The user's settings, with the parts a sender needs. */
export type TelegramOptions = TelegramSettings & SenderOptions;

/** Messages of one server. */
export interface Telegram {
  /** The chat that a request is told in, if any. @throws ProxyError `forbidden` for one that is not listed. */
  chooseChat(asked: string | undefined): string | undefined;
  /**
   * Passes the events on as they are. From the first progress on, a message shows what runs, until the answer is done;
   * a failure of any turn is told and stays, without a sound when the chat was told the same within the last minute.
   */
  watch(events: EventStream, chat: string | undefined): EventStream;
  /** Sends the first chat a message that stays; false while too many are under way. True without any chat. */
  tell(text: string): boolean;
  /** Lets what is due be sent for at most `graceMs`, and drops the rest. */
  close(graceMs: number): Promise<void>;
}

/** Clients repeat a failed request: the same failure makes a sound once in this time. */
const REPEAT_MS = 60_000;

/** Makes the messages of one server. */
export function createTelegram(options: TelegramOptions): Telegram {
  const { chats } = options;
  const sender = createSender(options);
  /** The last failure each chat was told, and when. */
  const lastFailures = new Map<string, { readonly text: string; readonly atMs: number }>();

  function toFailure(chat: string, text: string): Failure {
    const atMs = performance.now();
    const last = lastFailures.get(chat);
    lastFailures.set(chat, { text, atMs });
    return { text, isSilent: last?.text === text && atMs - last.atMs < REPEAT_MS };
  }

  async function* watchOn(events: EventStream, chat: string): EventStream {
    const activities = createActivities();
    let line: Line | undefined;
    const tell = (activity: Activity): void => {
      // A turn that had no place for its first tool has none for the others.
      if (activities.add(activity) === 1) line = sender.open(chat);
      line?.show(activities.progress);
    };
    try {
      for await (const batch of events) {
        for (const event of batch) if (event.type === "progress") tell(event);
        yield batch;
      }
    } catch (error) {
      const failure = toProxyError(error);
      // Client disconnected: no notice.
      if (failure.kind !== "canceled") {
        line ??= sender.open(chat);
        line?.finish(toFailure(chat, activities.toFailure(failure)));
      }
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
    tell(text) {
      const [chat] = chats;
      if (chat === undefined) return true;
      const line = sender.open(chat);
      line?.finish({ text, isSilent: false });
      return line !== undefined;
    },
    close: sender.close,
  };
}
