/** A whole answer: the fold of its events. */
import { ProxyError } from "./error.ts";
import { NO_USAGE } from "./event.ts";
import type { FinishReason, TurnEvent, Usage } from "./event.ts";
import type { Message } from "./turn.ts";
import { isObject, parseJson } from "../lib/json.ts";
import type { JsonObject } from "../lib/json.ts";

/** A tool call of an answer. */
export interface ReplyCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly arguments: string;
}

/** A part of an answer, in its place; a call by its place in `calls`. */
export type ReplyPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "thinking"; readonly text: string; readonly signature: string }
  | { readonly type: "redacted"; readonly data: string }
  | { readonly type: "call"; readonly index: number };

/** A whole answer. */
export interface Reply {
  readonly model: string;
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly ReplyCall[];
  /** Text, thinking and calls in the order in which they came. No two texts stand side by side. */
  readonly parts: readonly ReplyPart[];
  readonly finish: FinishReason;
  readonly stopSequence: string | undefined;
  readonly usage: Usage;
}

/** A call's arguments as a value: what is not a JSON object has become an empty one. */
export function toCallInput({ arguments: json }: ReplyCall): JsonObject {
  const input = parseJson(json);
  return isObject(input) ? input : {};
}

/** The answer as the message that a conversation goes on from. */
export function toMessage({ text, calls }: Reply): Message & { readonly role: "assistant" } {
  const said = text === "" ? [] : [{ type: "text", text } as const];
  const made = calls.map((call) => ({ type: "call", id: call.id, name: call.name, input: toCallInput(call) }) as const);
  return { role: "assistant", content: [...said, ...made] };
}

/** An answer that is being put together from its events. */
export interface Fold {
  /** Takes the next events. */
  add(events: readonly TurnEvent[]): void;
  /** The answer so far; whole once `done` has been added. */
  readonly reply: Reply;
}

/** A part while it grows: the pieces of a text or of thinking are joined once, when the part is read. */
type Growing =
  | { readonly type: "text"; readonly pieces: string[] }
  | { readonly type: "thinking"; readonly pieces: string[]; signature: string | undefined }
  | Extract<ReplyPart, { readonly type: "redacted" | "call" }>;

function toPart(part: Growing): ReplyPart {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.pieces.join("") };
    case "thinking":
      return { type: "thinking", text: part.pieces.join(""), signature: part.signature ?? "" };
    default:
      return part;
  }
}

/** The text that the last part may take, of a new one if need be. */
function toPieces(parts: Growing[], type: "text" | "thinking"): string[] {
  const last = parts.at(-1);
  const isOver = last?.type === "thinking" && last.signature !== undefined;
  if (last && last.type === type && !isOver) return last.pieces;
  const part: Growing = type === "text" ? { type, pieces: [] } : { type, pieces: [], signature: undefined };
  parts.push(part);
  return part.pieces;
}

function sign(parts: Growing[], signature: string): void {
  toPieces(parts, "thinking");
  const last = parts.at(-1);
  if (last?.type === "thinking") last.signature = signature;
}

function joinTexts(parts: readonly ReplyPart[], type: "text" | "thinking"): string {
  return parts.map((part) => (part.type === type ? part.text : "")).join("");
}

/** Makes a fold that has seen nothing yet. */
export function createFold(): Fold {
  let model = "";
  let parts: Growing[] = [];
  let calls: { id: string; name: string; pieces: string[] }[] = [];
  let end: TurnEvent & { type: "done" } = { type: "done", finish: "stop", usage: NO_USAGE };

  function addOne(event: TurnEvent): void {
    switch (event.type) {
      case "start":
        model = event.model;
        break;
      case "text":
      case "thinking":
        toPieces(parts, event.type).push(event.text);
        break;
      case "signature":
        sign(parts, event.signature);
        break;
      case "redacted":
        parts.push(event);
        break;
      case "call":
        parts.push({ type: "call", index: event.index });
        calls[event.index] = { id: event.id, name: event.name, pieces: [] };
        break;
      case "arguments":
        calls[event.index]?.pieces.push(event.json);
        break;
      case "progress":
        break;
      case "retract":
        parts = [];
        calls = [];
        break;
      case "done":
        end = event;
    }
  }

  return {
    add(events) {
      for (const event of events) addOne(event);
    },
    get reply() {
      const whole = parts.map(toPart);
      return {
        model,
        text: joinTexts(whole, "text"),
        thinking: joinTexts(whole, "thinking"),
        calls: calls.map(({ id, name, pieces }) => ({ id, name, arguments: pieces.join("") })),
        parts: whole,
        finish: end.finish,
        stopSequence: end.stopSequence,
        usage: end.usage,
      };
    },
  };
}

/**
 * Reads a stream of events to its end and gives the whole answer.
 * @throws what the stream throws; ProxyError `bad_gateway` when it ends without `done`.
 */
export async function collect(events: AsyncIterable<readonly TurnEvent[]>): Promise<Reply> {
  const fold = createFold();
  let isDone = false;
  for await (const batch of events) {
    fold.add(batch);
    isDone ||= batch.at(-1)?.type === "done";
  }
  if (isDone) return fold.reply;
  throw new ProxyError("bad_gateway", "Cannot finish answer: the CLI stopped sending");
}
