/** A conversation gathered message by message: what is empty is left out, and every call must meet its result. */
import { splitRounds } from "../core/round.ts";
import type { RoundPart } from "../core/round.ts";
import { joinUserMessages, toCallId } from "../core/turn.ts";
import type { ImagePart, Message, TextPart } from "../core/turn.ts";
import type { JsonObject } from "../lib/json.ts";
import { toFilled } from "./content.ts";
import { refuse, toList, toObjectOfText, toText } from "./field.ts";
import type { Fields, Reader } from "./field.ts";

/** Reads the list of messages, or of what messages are made of: at most 10,000. */
export const toMessageList = toList(10_000);

/** Makes the system prompt of several system messages; what is blank is left out. */
export function toSystem(texts: readonly string[]): string {
  return texts.filter((text) => text.trim() !== "").join("\n\n");
}

/** Reads the id of a call from the field of this name: letters and digits only, at least one. */
export function readCallId(fields: Fields, name: string): string {
  const id = toCallId(fields.required(name, toText));
  return id === "" ? refuse(fields.pathOf(name), "expected letters or digits") : id;
}

/**
 * Reads a call's arguments, which clients send as JSON text. Any other text is an empty object, as the answer that it
 * is from is remembered with: a limit of tokens cuts a call anywhere, and its client gives it back as it was given.
 */
export const toCallInput: Reader<JsonObject> = (value, path) => toObjectOfText(toText(value, path), path) ?? {};

/** Makes the message that hands in the result of the call `id`. */
export function toResultMessage(id: string, content: readonly (TextPart | ImagePart)[]): Message {
  return { role: "user", content: [{ type: "result", id, content: toFilled(content), isError: false }] };
}

/** The end of a conversation: the user's message that is to be answered, or any where it is only counted. */
export type Ending = "user" | "any";

/** A conversation while its messages come in. */
export interface ConversationBuilder {
  /**
   * Adds the next message; `path` is where the request has it. @throws ProxyError when a result has no call, or a call
   * no result.
   */
  add(message: Message, path: string): void;
  /** The id of the first call that still lacks a result, of this tool or of any; undefined when there is none. */
  findOpenId(tool?: string): string | undefined;
  /** True for a call that still lacks a result. */
  isOpen(id: string): boolean;
  /**
   * The whole conversation, user messages joined. @throws ProxyError when it is empty, or does not end as it has to; in
   * a user message unless told.
   */
  end(path: string, ending?: Ending): Message[];
}

/** Ids that a refusal names: enough to find the fault, and never thousands. */
const MOST_NAMED = 5;

/**
 * Makes an empty conversation. In one that is `trimmed` parts may be gone: a call without a result is left out, not
 * refused.
 */
export function createConversation(kind: "whole" | "trimmed" = "whole"): ConversationBuilder {
  const messages: Message[] = [];
  /**
   * The calls of the last assistant message that still lack a result, in their order: the tool's name by the call's id.
   */
  const open = new Map<string, string>();
  let callsPath = "";

  function answer(id: string, path: string): void {
    if (!open.delete(id)) refuse(path, `no open tool call has the id ${id.slice(0, 60)}`);
  }

  /** Leaves out the calls that lack a result; where nothing else was said, the whole message. */
  function dropOpen(): void {
    const at = messages.findLastIndex(({ role }) => role === "assistant");
    const content = messages[at]?.content.filter((part) => part.type !== "call" || !open.has(part.id)) ?? [];
    messages.splice(at, 1, ...(content.length === 0 ? [] : [{ role: "assistant", content } as Message]));
    open.clear();
  }

  function checkAnswered(): void {
    if (open.size === 0) return;
    if (kind === "trimmed") return dropOpen();
    const named = [...open.keys()].slice(0, MOST_NAMED).map((id) => id.slice(0, 60));
    const rest = open.size > named.length ? ` and ${open.size - named.length} more` : "";
    refuse(callsPath, `no result follows for ${named.join(", ")}${rest}`);
  }

  return {
    add(message, path) {
      const content = message.content.filter((part) => part.type !== "text" || part.text.trim() !== "");
      for (const part of content) if (part.type === "result") answer(part.id, path);
      const isAnswer = content.length > 0 && content.every(({ type }) => type === "result");
      if (!isAnswer) checkAnswered();
      // Thinking alone says nothing, and the CLI drops such a message.
      if (content.every(({ type }) => type === "thinking" || type === "redacted")) return;
      messages.push({ role: message.role, content } as Message);
      if (message.role === "user") return;
      for (const part of message.content) if (part.type === "call") open.set(part.id, part.name);
      callsPath = path;
    },
    findOpenId(tool) {
      for (const [id, name] of open) if (tool === undefined || name === tool) return id;
      return undefined;
    },
    isOpen: (id) => open.has(id),
    end(path, ending = "user") {
      checkAnswered();
      const joined = joinUserMessages(messages);
      const last = joined.at(-1)?.role;
      if (last === "user" || (last === "assistant" && ending === "any")) return joined;
      return refuse(path, "expected the last message to be the user's, and not empty");
    },
  };
}

/** A conversation whose answers may come in several pieces, and hold rounds of calls to MCP servers. */
export interface RoundsBuilder {
  /** Adds the next message; see `ConversationBuilder`. */
  add(message: Message, path: string): void;
  /** Adds a piece of an answer: those that stand side by side are one, as the API joins them. */
  addAnswer(parts: readonly RoundPart[], path: string): void;
  /** The whole conversation; see `ConversationBuilder`. */
  end(path: string, ending?: Ending): Message[];
}

/** Makes an empty conversation. */
export function createRounds(): RoundsBuilder {
  const conversation = createConversation();
  let answer: RoundPart[] = [];
  let answerPath = "";

  function flush(): void {
    if (answer.length > 0) for (const message of splitRounds(answer)) conversation.add(message, answerPath);
    answer = [];
  }

  return {
    add(message, path) {
      flush();
      conversation.add(message, path);
    },
    addAnswer(parts, path) {
      if (answer.length === 0) answerPath = path;
      for (const part of parts) answer.push(part);
    },
    end(path, ending) {
      flush();
      return conversation.end(path, ending);
    },
  };
}
