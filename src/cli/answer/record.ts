/**
 * The model's last message as the API gave it, block for block. A replay that has it in the answer's place is what the
 * live process would send: thinking with its signatures, the calls' own ids, texts as they were cut.
 */
import { toMessages } from "../../core/reply.ts";
import type { Reply } from "../../core/reply.ts";
import type { Effort, Message } from "../../core/turn.ts";
import { toCallId } from "../../core/turn.ts";
import { textOf } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { AssistantMessage } from "../protocol/message.ts";
import { toClientName } from "../protocol/name.ts";

/** A message of the model's. */
export interface AnswerRecord {
  /** The id that answered: thinking of another model's is dropped by the CLI. */
  readonly model: string;
  /** The effort it was asked with; undefined for the CLI's own default. */
  readonly effort: Effort | undefined;
  /** In the API's form, tools by the names that the model knows. */
  readonly content: readonly JsonObject[];
}

/** The recorder of one process. */
export interface Recorder {
  /** A turn begins. */
  begin(effort: Effort | undefined): void;
  add(message: AssistantMessage): void;
  /** The last message so far; undefined before the first of the turn. */
  readonly record: AnswerRecord | undefined;
  /** The CLI's id of the last message of any turn; empty before the first. */
  readonly lastUuid: string;
}

/** Makes a recorder that has seen nothing yet. */
export function createRecorder(): Recorder {
  let effort: Effort | undefined;
  let id = "";
  let model = "";
  let content: JsonObject[] = [];
  let lastUuid = "";
  return {
    begin(next) {
      effort = next;
      content = [];
    },
    add(message) {
      if (message.id !== id) content = [];
      ({ id, model } = message);
      content.push(...message.content);
      lastUuid = message.uuid;
    },
    get record() {
      return content.length === 0 ? undefined : { model, effort, content: [...content] };
    },
    get lastUuid() {
      return lastUuid;
    },
  };
}

type Part = Message["content"][number];

const KNOWN = new Set(["text", "thinking", "redacted_thinking", "tool_use"]);

/** The calls of a message, as `id name`. */
function toCalls(content: readonly JsonObject[]): string[] {
  return content
    .filter(({ type }) => type === "tool_use")
    .map(({ id, name }) => `${toCallId(textOf(id))} ${toClientName(textOf(name)) ?? ""}`);
}

/**
 * True when the record says what the client was shown last: false after rounds of the CLI's own tools, for structured
 * output, and for text that was cut.
 */
export function isRecordOf({ content }: AnswerRecord, reply: Reply): boolean {
  if (!content.every(({ type }) => KNOWN.has(textOf(type)))) return false;
  const said = content.map((block) => (block["type"] === "text" ? textOf(block["text"]) : "")).join("");
  const shown: readonly Part[] = toMessages(reply).at(-1)?.content ?? [];
  const text = shown.map((part) => (part.type === "text" ? part.text : "")).join("");
  const made = shown.flatMap((part) => (part.type === "call" ? [`${part.id} ${part.name}`] : []));
  return said.trim() === text.trim() && toCalls(content).join("\n") === made.join("\n");
}

/** True when a client gives back no thinking, or the record's own: a signature names its block. */
export function hasThinkingOf({ content }: AnswerRecord, message: Message): boolean {
  const given = message.content.flatMap((part) => {
    if (part.type === "thinking") return [part.signature];
    return part.type === "redacted" ? [part.data] : [];
  });
  if (given.length === 0) return true;
  const recorded = content.flatMap(({ type, signature, data }) => {
    if (type === "thinking") return [textOf(signature)];
    return type === "redacted_thinking" ? [textOf(data)] : [];
  });
  return given.join("\n") === recorded.join("\n");
}
