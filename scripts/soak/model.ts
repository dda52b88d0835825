/** The model of the soak: its answer tells which conversation it was given, how far it went, and what was said last. */
import { setTimeout as delay } from "node:timers/promises";
import type { ApiCall, Step } from "../../test/helpers/upstream.ts";
import { isObject } from "../../src/lib/json.ts";

/** A user's words: conversation and turn, both numbers. */
export const toWords = (conversation: number, turn: number): string => `c${conversation}t${turn}`;

/** The only right answer to a turn: everything said before, by its conversation and number, had to be there. */
export const toExpected = (conversation: number, turn: number): string =>
  `Answer to c${conversation}t${turn}, after ${turn} of the same.`;

/** The result that a client gives to a call of its tool. */
export const toResult = (words: string): string => `result of ${words}`;

const DELTA_MS = 3;
const DELTAS = 6;
let calls = 0;

function toTexts(content: unknown): string[] {
  if (typeof content === "string") return [content];
  if (!Array.isArray(content)) return [];
  return (content as unknown[]).flatMap((block) => {
    if (!isObject(block)) return [];
    return typeof block["text"] === "string" ? [block["text"]] : toTexts(block["content"]);
  });
}

/** All users' words of a call, in order, and whether the last message is the result of a tool. */
function readCall({ body }: ApiCall): { said: string[]; isResult: boolean } {
  const users = body.messages.filter(({ role }) => role === "user").map(({ content }) => toTexts(content).join("\n"));
  const said = users.flatMap((text) => (text.startsWith("result of ") ? [] : (/c\d+t\d+/.exec(text) ?? [])));
  return { said, isResult: users.at(-1)?.startsWith("result of ") ?? false };
}

function toAnswer(said: readonly string[]): string {
  const last = said.at(-1) ?? "nothing";
  const conversation = /^c\d+/.exec(last)?.[0] ?? "";
  const same = said.slice(0, -1).filter((words, at) => words === `${conversation}t${at}`);
  return `Answer to ${last}, after ${same.length} of the same.`;
}

/** Calls the client's tool first where it has one; speaks in pieces with pauses, so that hang-ups meet every moment. */
export function* play(call: ApiCall): Iterable<Step> {
  const { said, isResult } = readCall(call);
  const tool = call.body.tools?.find(({ name }) => name.startsWith("mcp__client__"));
  // An id of its own for each call: two of one id in a history are one to the CLI.
  if (tool && !isResult) return yield { tool: tool.name, input: { q: said.at(-1) ?? "" }, id: `toolu_soak${++calls}` };
  const text = toAnswer(said);
  const size = Math.ceil(text.length / DELTAS);
  const pieces = text.match(new RegExp(`.{1,${size}}`, "g")) ?? [];
  yield { text: pieces.slice(0, 1) };
  for (const piece of pieces.slice(1)) {
    yield { until: delay(DELTA_MS) };
    yield { text: piece };
  }
}
