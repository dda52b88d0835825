/** Answers of every form, as events; each ends as it should. */
import type { AnswerEvent, FinishReason } from "../../src/core/event.ts";
import { START, STOP, text, USAGE } from "../core/sample.ts";

const done = (finish: FinishReason): AnswerEvent => ({ type: "done", finish, usage: USAGE });
const thinking = (words: string): AnswerEvent => ({ type: "thinking", text: words });
const call = (index: number, id: string, name: string): AnswerEvent => ({ type: "call", index, id, name });
const json = (index: number, piece: string): AnswerEvent => ({ type: "arguments", index, json: piece });

const HARD_TEXT = ['He said "é\\n', "\n\r\u2028", "👩‍👩‍👧", "data: [DONE]\n\n", "</script>\u0000"];

/** By name: what an answer can be made of. */
export const ANSWERS = {
  text: [START, text("Hello"), text(" world"), STOP],
  empty: [START, STOP],
  hard: [START, ...HARD_TEXT.map(text), STOP],
  thinking: [START, thinking("Let me"), thinking(" see"), text("42"), STOP],
  interleaved: [START, thinking("First"), text("Searching."), thinking("Second"), text("42"), text("!"), STOP],
  mixed: [START, text("One"), call(0, "toolu01D", "weather"), json(0, "{}"), text("two"), done("tool_calls")],
  tools: [
    START,
    text("Looking."),
    call(0, "toolu01A", "weather"),
    json(0, '{"city"'),
    json(0, ':"Zürich"}'),
    call(1, "toolu01B", "time"),
    json(1, "{}"),
    done("tool_calls"),
  ],
  call: [START, call(0, "toolu01C", "weather"), json(0, '{"city":"Bern"}'), done("tool_calls")],
  length: [START, text("Once upon"), done("length")],
  filter: [START, text("I can"), done("content_filter")],
  stop: [START, text("one"), { type: "done", finish: "stop", stopSequence: "STOP", usage: USAGE }],
} as const satisfies Record<string, readonly AnswerEvent[]>;
