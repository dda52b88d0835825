/** The state of a CLI process as one union, and every question about a process as a function of it. */
import type { TurnEvent } from "../core/event.ts";
import type { ToolResult } from "../core/turn.ts";
import type { Queue } from "../lib/queue.ts";
import type { Answer } from "./answer/answer.ts";
import type { Ending } from "./process/process.ts";
import { areGiveable } from "./protocol/toolserver.ts";
import type { Settings } from "./request/setting.ts";

/** Started, and told nothing yet. */
export interface Fresh {
  readonly type: "fresh";
}

/** Set up, with a transcript that it has loaded. It can take any message that may follow, results of calls included. */
export interface Loaded {
  readonly type: "loaded";
  readonly settings: Settings;
}

/** Between turns. The process knows the conversation exactly as the client does. */
export interface Ready {
  readonly type: "ready";
  readonly settings: Settings;
}

/** In a turn: its messages become events as they come, and wait there for the reader. */
export interface Answering {
  readonly type: "answering";
  readonly settings: Settings;
  readonly answer: Answer;
  readonly events: Queue<readonly TurnEvent[]>;
}

/** The model has called tools of the client's; the process holds these calls open until it is given their results. */
export interface Waiting {
  readonly type: "waiting";
  readonly settings: Settings;
}

/** Of no more use: it has ended, failed, was left in mid-turn, or remembers something else than the client. */
export interface Spent {
  readonly type: "spent";
  readonly cause: string;
  /** The first step of ending it. */
  readonly ending: Ending;
  /** Set where it has all that the client was given: another process could resume the session after it. */
  readonly isWhole?: boolean;
}

/**
 * The one state of a process. Each question about a process is a function of it, and `startWorker` alone moves it on.
 */
export type Phase = Fresh | Loaded | Ready | Answering | Waiting | Spent;

/** True when the next turn of its conversation can be played on a process. */
export function isReusable({ type }: Phase): boolean {
  return type === "loaded" || type === "ready" || type === "waiting";
}

/** True when the session of a process can be resumed by another one, right after its last answer. */
export function isResumable(phase: Phase): boolean {
  return isReusable(phase) || (phase.type === "spent" && phase.isWhole === true);
}

/** True when a user message with these results, and `others` parts beside them, can be handed in. */
export function isReadyFor({ type }: Phase, results: readonly ToolResult[], others: number): boolean {
  if (type === "loaded") return true;
  if (type === "waiting") return results.length > 0 && others === 0 && areGiveable(results);
  return type !== "spent" && results.length === 0;
}

/** The first step of ending a process: closing stdin is wrong for one in mid-turn, or of unknown state. */
export function toEnding(phase: Phase): Ending {
  if (phase.type === "spent") return phase.ending;
  if (phase.type === "fresh") return "unused";
  return phase.type === "loaded" || phase.type === "ready" ? "eof" : "term";
}

/** The phase after the messages so far of an answer. */
export function toNext(phase: Answering): Phase {
  const { answer, settings } = phase;
  switch (answer.state) {
    case "open":
      return phase;
    case "finished":
      return { type: "ready", settings };
    case "held":
      return { type: "waiting", settings };
    case "diverged":
      return { type: "spent", cause: "its memory is not the client's", ending: "term" };
    case "cut":
      return { type: "spent", cause: "its answer was cut", ending: "int", isWhole: answer.isWhole };
  }
}
