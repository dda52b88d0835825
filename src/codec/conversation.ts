/** A conversation gathered message by message: what is empty is left out, and every call must meet its result. */
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

/** Reads a call's arguments, which clients send as JSON text; a blank one is an empty object. */
export const toCallInput: Reader<JsonObject> = (value, path) => {
  const text = toText(value, path);
  if (text.trim() === "") return {};
  return toObjectOfText(text, path) ?? refuse(path, "expected the JSON text of an object");
};

/** Makes the message that hands in the result of the call `id`. */
export function toResultMessage(id: string, content: readonly (TextPart | ImagePart)[]): Message {
  return { role: "user", content: [{ type: "result", id, content: toFilled(content), isError: false }] };
}

/** A conversation while its messages come in. */
export interface ConversationBuilder {
  /**
   * Adds the next message; `path` is where the request has it. @throws ProxyError when a result has no call, or a call
   * no result.
   */
  add(message: Message, path: string): void;
  /** The id of the first call that still lacks a result, of this tool or of any; undefined when there is none. */
  findOpenId(tool?: string): string | undefined;
  /** The whole conversation, user messages joined. @throws ProxyError when it does not end in a user message. */
  end(path: string): Message[];
}

/** Ids that a refusal names: enough to find the fault, and never thousands. */
const MOST_NAMED = 5;

/** Makes an empty conversation. */
export function createConversation(): ConversationBuilder {
  const messages: Message[] = [];
  /**
   * The calls of the last assistant message that still lack a result, in their order: the tool's name by the call's id.
   */
  const open = new Map<string, string>();
  let callsPath = "";

  function answer(id: string, path: string): void {
    if (!open.delete(id)) refuse(path, `no open tool call has the id ${id.slice(0, 60)}`);
  }

  function checkAnswered(): void {
    if (open.size === 0) return;
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
    end(path) {
      checkAnswered();
      const joined = joinUserMessages(messages);
      if (joined.at(-1)?.role !== "user") refuse(path, "expected the last message to be the user's, and not empty");
      return joined;
    },
  };
}
