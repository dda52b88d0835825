/**
 * The model's messages as the API gave them, block for block. A replay that has them in the answer's place is what the
 * live process would send: thinking with its signatures, the calls' own ids, texts as they were cut.
 */
import type { Effort, Message, ToolCall } from "../../core/turn.ts";
import { toCallId } from "../../core/turn.ts";
import { textOf } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { AssistantMessage } from "../protocol/message.ts";
import { toClientName, toServerToolName } from "../protocol/name.ts";

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
  /** The messages of the turn so far, oldest first. */
  readonly records: readonly AnswerRecord[];
  /** The CLI's id of the last message of any turn; empty before the first. */
  readonly lastUuid: string;
}

/** Makes a recorder that has seen nothing yet. */
export function createRecorder(): Recorder {
  let effort: Effort | undefined;
  let lastId = "";
  let lastUuid = "";
  let records: { readonly model: string; readonly content: JsonObject[] }[] = [];
  return {
    begin(next) {
      effort = next;
      records = [];
    },
    add({ id, model, uuid, content }) {
      const last = id === lastId ? records.at(-1) : undefined;
      if (last) last.content.push(...content);
      else records.push({ model, content: [...content] });
      [lastId, lastUuid] = [id, uuid];
    },
    get records() {
      return records.map(({ model, content }) => ({ model, effort, content: [...content] }));
    },
    get lastUuid() {
      return lastUuid;
    },
  };
}

const KNOWN = new Set(["text", "thinking", "redacted_thinking", "tool_use"]);

/** A call as `id name`, for a server's tool with the API's own id, and by the name that the model has for it. */
function spellBlock({ id, name }: JsonObject): string {
  const [callId, model] = [textOf(id), textOf(name)];
  const clientName = toClientName(model);
  return clientName === undefined ? `${callId} ${model}` : `${toCallId(callId)} ${clientName}`;
}

/** The same of a call that the client was shown. */
function spellCall({ id, name, server }: ToolCall): string {
  return `${id} ${server === undefined ? name : toServerToolName(server, name)}`;
}

/** True when the record says what the client was shown: false for structured output, and for text that was cut. */
export function isRecordOf({ content }: AnswerRecord, message: Message): boolean {
  if (!content.every(({ type }) => KNOWN.has(textOf(type)))) return false;
  const said = content.map((block) => (block["type"] === "text" ? textOf(block["text"]) : "")).join("");
  const called = content.flatMap((block) => (block["type"] === "tool_use" ? [spellBlock(block)] : []));
  const shown: readonly Message["content"][number][] = message.content;
  const text = shown.map((part) => (part.type === "text" ? part.text : "")).join("");
  const made = shown.flatMap((part) => (part.type === "call" ? [spellCall(part)] : []));
  return said.trim() === text.trim() && called.join("\n") === made.join("\n");
}

/** True when a client gives back no thinking in an answer, or that of its records: a signature names its block. */
export function hasThinkingOf(
  records: readonly (AnswerRecord | undefined)[],
  messages: readonly Pick<Message, "content">[],
): boolean {
  const given = messages.flatMap(({ content }) =>
    content.flatMap((part) => {
      if (part.type === "thinking") return [part.signature];
      return part.type === "redacted" ? [part.data] : [];
    }),
  );
  if (given.length === 0) return true;
  const recorded = records.flatMap((record) =>
    (record?.content ?? []).flatMap(({ type, signature, data }) => {
      if (type === "thinking") return [textOf(signature)];
      return type === "redacted_thinking" ? [textOf(data)] : [];
    }),
  );
  return given.join("\n") === recorded.join("\n");
}
