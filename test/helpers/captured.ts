/** Conversations of real clients, as `npm run test:clients -- NAME --capture FOLDER` has taken them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Capture, CapturedMessage } from "../../scripts/clients/capture.ts";
import { isObject } from "../../src/lib/json.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { call } from "./tools.ts";
import type { Step } from "./upstream.ts";

/** A conversation to play again. */
export interface Captured {
  /** All of a request but its messages, for an answer that is not streamed. */
  readonly body: JsonObject;
  /** The messages of each request, whole. */
  readonly requests: readonly (readonly CapturedMessage[])[];
  /** The answer that each request got, by its place; undefined for the last. */
  readonly answers: readonly (CapturedMessage | undefined)[];
}

/** Reads `test/fixtures/captured/NAME.json`. */
export function readCaptured(name: string): Captured {
  const { body, requests: parts } = JSON.parse(readFileSync(`test/fixtures/captured/${name}.json`, "utf8")) as Capture;
  const requests: CapturedMessage[][] = [];
  for (const { kept, added } of parts) {
    const before = requests.at(-1) ?? [];
    requests.push([...before.slice(0, kept), ...added]);
  }
  const answers = requests.map((_, at) => requests[at + 1]?.findLast(({ role }) => role === "assistant"));
  return { body: { ...body, stream: false, stream_options: null }, requests, answers };
}

/** A script of the API that gives the same answers again. */
export function toSteps(answer: CapturedMessage | undefined): Step[] {
  if (answer === undefined) return [{ text: "done" }];
  const { content, tool_calls: calls = [] } = answer;
  return [
    ...(typeof content === "string" && content !== "" ? [{ text: content }] : []),
    ...calls.map(({ id, function: { name, arguments: input } }) => call(name, JSON.parse(input), `toolu_${id}`)),
  ];
}

/** Messages with the ids that this run has given to calls. */
export function withIds(messages: readonly CapturedMessage[], ids: ReadonlyMap<string, string>): CapturedMessage[] {
  let text = JSON.stringify(messages);
  for (const [captured, own] of ids) text = text.replaceAll(JSON.stringify(captured), JSON.stringify(own));
  return JSON.parse(text) as CapturedMessage[];
}

/** Adds the ids of an answer's calls to those of the same answer when it was captured. */
export function addIds(ids: Map<string, string>, captured: CapturedMessage | undefined, own: readonly string[]): void {
  const calls = captured?.tool_calls ?? [];
  assert.equal(own.length, calls.length);
  for (const [at, { id }] of calls.entries()) ids.set(id, own[at] ?? "");
}

const toPartText = (part: unknown): string => (isObject(part) && typeof part["text"] === "string" ? part["text"] : "");

function toText({ role, content, tool_calls: calls = [] }: CapturedMessage): string {
  if (role === "tool") return "<tool_result>";
  const texts = Array.isArray(content) ? content.map(toPartText) : [typeof content === "string" ? content : ""];
  return [...texts.filter((text) => text.trim() !== ""), ...calls.map(() => "<tool_use>")].join("|");
}

/** The messages but the system's, as `toDialogue` has them: those of one side in a row are one. */
export function toLines(messages: readonly CapturedMessage[]): string[] {
  const lines: { role: string; texts: string[] }[] = [];
  for (const message of messages.filter(({ role }) => role !== "system")) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = lines.at(-1);
    if (last?.role === role) last.texts.push(toText(message));
    else lines.push({ role, texts: [toText(message)] });
  }
  return lines.map(({ role, texts }) => `${role}: ${texts.join("|")}`);
}
