/** A plain turn and events, to which tests add what they are about. */
import type { AnswerEvent } from "../../src/core/event.ts";
import type { Turn } from "../../src/core/turn.ts";

/** "hi" to a model, with nothing else asked for. */
export const PLAIN_TURN: Turn = {
  model: "claude-sonnet-4",
  system: "",
  messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
  tools: [],
  toolChoice: "auto",
  webSearch: false,
  parallelCalls: true,
  effort: undefined,
  thinking: { mode: "default" },
  maxTokens: undefined,
  stop: [],
  format: { type: "text" },
};

export const USAGE = { input: 7, cacheCreation: 5, cacheRead: 11, output: 13 } as const;
export const START: AnswerEvent = { type: "start", model: "claude-sonnet-5-5" };
export const STOP: AnswerEvent = { type: "done", finish: "stop", usage: USAGE };
export const text = (words: string): AnswerEvent => ({ type: "text", text: words });
