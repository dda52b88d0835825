/**
 * One turn's message in a chat: what is wanted of it, what stands there, and so what to do next. Pure: it is told the
 * time.
 */
import type { JsonObject } from "../lib/json.ts";
import type { Method, Outcome } from "./bot.ts";

/** A call of the Bot API. */
export interface Call {
  /** To show progress, to tell of a failure, or to take progress away. */
  readonly purpose: "show" | "tell" | "remove";
  readonly method: Method;
  readonly parameters: JsonObject;
}

/** The next step: a call, waiting until a time or a change, or nothing ever again. */
export type Action =
  | { readonly type: "call"; readonly call: Call }
  | { readonly type: "wait"; readonly untilMs: number }
  | { readonly type: "end" };

/** The text that stays when a turn has failed, or a notice; silent when the chat was told the same a moment ago. */
export interface Failure {
  readonly text: string;
  readonly isSilent: boolean;
}

/** Marks a message that makes no sound. */
const SILENTLY = { disable_notification: true };

/** The life of one Telegram message, apart from sockets and time. */
export interface Message {
  /** The turn runs; this is to stand there. */
  show(text: string): void;
  /** The turn is over; nothing is to stand there, or only this. Only the first call counts. */
  finish(failure?: Failure): void;
  /** One call at a time: what is given is settled before the next is asked for. */
  next(nowMs: number): Action;
  settle(call: Call, outcome: Outcome, nowMs: number): void;
}

/** Chat and times of one message. */
export interface MessageOptions {
  readonly chat: string;
  /** Least time between two changes of a message, in milliseconds. */
  readonly intervalMs: number;
}

/** Longest pause after failures; each lasts twice as long as the one before. */
const MOST_PAUSE_MS = 60_000;
/** Once the turn is over, a call is given up after so many failures. */
const MOST_TRIES = 4;

/** The message as it is, and as it should be. */
interface Standing {
  readonly wanted: string;
  readonly shown: string;
  readonly failure: Failure | undefined;
  readonly isOver: boolean;
  readonly messageId: number | undefined;
  /** Progress can no longer be shown: its message is gone, or was never to be had. */
  readonly isMuted: boolean;
}

/** The call that brings a message closer to what it should be; undefined when there is none to make. */
function toCall(chat: string, { wanted, shown, failure, isOver, messageId, isMuted }: Standing): Call | undefined {
  const to = { chat_id: chat };
  if (failure) {
    const { text, isSilent } = failure;
    return { purpose: "tell", method: "sendMessage", parameters: { ...to, text, ...(isSilent ? SILENTLY : {}) } };
  }
  if (isOver)
    return messageId === undefined
      ? undefined
      : { purpose: "remove", method: "deleteMessage", parameters: { ...to, message_id: messageId } };
  if (isMuted || wanted === shown) return undefined;
  if (messageId !== undefined)
    return { purpose: "show", method: "editMessageText", parameters: { ...to, message_id: messageId, text: wanted } };
  // Progress is sent silently: the message is taken away again.
  return { purpose: "show", method: "sendMessage", parameters: { ...to, text: wanted, ...SILENTLY } };
}

/** Makes a message that nothing is wanted of yet. */
export function createMessage({ chat, intervalMs }: MessageOptions): Message {
  let wanted = "";
  let shown = "";
  let failure: Failure | undefined;
  let isOver = false;
  let messageId: number | undefined;
  let isMuted = false;
  let isGivenUp = false;
  let failures = 0;
  let tries = 0;
  let notBeforeMs = 0;

  function settleDone({ purpose, parameters }: Call, id: number | undefined, nowMs: number): void {
    failures = 0;
    if (purpose === "tell") failure = undefined;
    else if (purpose === "remove") messageId = undefined;
    else {
      shown = String(parameters["text"]);
      messageId ??= id;
      isMuted ||= messageId === undefined;
      notBeforeMs = isOver ? 0 : nowMs + intervalMs;
    }
  }

  function settleRefused({ purpose }: Call): void {
    // A chat that takes no message takes no other either.
    if (purpose === "show" && messageId === undefined) isGivenUp = true;
    if (purpose === "tell") failure = undefined;
    // A message that cannot be changed or removed is most likely gone.
    else messageId = undefined;
    isMuted = true;
  }

  return {
    show(text) {
      wanted = text;
    },
    finish(last) {
      if (isOver) return;
      isOver = true;
      failure = last;
      // The time between two edits is no reason to keep an end waiting; a failing Telegram is.
      if (failures === 0) notBeforeMs = 0;
    },
    next(nowMs) {
      const call = isGivenUp ? undefined : toCall(chat, { wanted, shown, failure, isOver, messageId, isMuted });
      if (!call) return isOver || isGivenUp ? { type: "end" } : { type: "wait", untilMs: Number.POSITIVE_INFINITY };
      return nowMs < notBeforeMs ? { type: "wait", untilMs: notBeforeMs } : { type: "call", call };
    },
    settle(call, outcome, nowMs) {
      if (outcome.type === "done") return settleDone(call, outcome.messageId, nowMs);
      if (outcome.type === "refused") return settleRefused(call);
      // A call that shows progress was made before the turn was over, though it may be answered after.
      if (call.purpose !== "show" && ++tries >= MOST_TRIES) isGivenUp = true;
      if (outcome.type === "failed") notBeforeMs = nowMs + Math.min(intervalMs * 2 ** failures++, MOST_PAUSE_MS);
    },
  };
}
