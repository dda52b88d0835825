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

/** A whole answer. */
export interface Reply {
  readonly model: string;
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly ReplyCall[];
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

/** Makes a fold that has seen nothing yet. */
export function createFold(): Fold {
  let model = "";
  let text: string[] = [];
  let thinking: string[] = [];
  let calls: { id: string; name: string; pieces: string[] }[] = [];
  let end: TurnEvent & { type: "done" } = { type: "done", finish: "stop", usage: NO_USAGE };

  function addOne(event: TurnEvent): void {
    switch (event.type) {
      case "start":
        model = event.model;
        break;
      case "text":
        text.push(event.text);
        break;
      case "thinking":
        thinking.push(event.text);
        break;
      case "call":
        calls[event.index] = { id: event.id, name: event.name, pieces: [] };
        break;
      case "arguments":
        calls[event.index]?.pieces.push(event.json);
        break;
      case "progress":
        break;
      case "retract":
        text = [];
        thinking = [];
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
      return {
        model,
        text: text.join(""),
        thinking: thinking.join(""),
        calls: calls.map(({ id, name, pieces }) => ({ id, name, arguments: pieces.join("") })),
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
