/** A conversation gathered message by message: what is empty is left out, and every call must meet its result. */
import { joinUserMessages } from "../core/turn.ts";
import type { Message } from "../core/turn.ts";
import { refuse, toList } from "./check.ts";

/** Reads the list of messages, or of what messages are made of: at most 10,000. */
export const toMessageList = toList(10_000);

export interface ConversationBuilder {
  /** Adds the next message; `path` is where the request has it. @throws ProxyError when a result has no call, or a call no result. */
  add(message: Message, path: string): void;
  /** The id of the first call that still lacks a result. */
  readonly nextOpenId: string | undefined;
  /** The whole conversation, user messages joined. @throws ProxyError when it does not end in a user message. */
  end(path: string): Message[];
}

/** Ids that a refusal names: enough to find the fault, and never thousands. */
const MOST_NAMED = 5;

/** Makes an empty conversation. */
export function createConversation(): ConversationBuilder {
  const messages: Message[] = [];
  /** Ids of the calls of the last assistant message that still lack a result, in their order. */
  const open = new Set<string>();
  let callsPath = "";

  function answer(id: string, path: string): void {
    if (!open.delete(id)) refuse(path, `no open tool call has the id ${id.slice(0, 60)}`);
  }

  function checkAnswered(): void {
    if (open.size === 0) return;
    const named = [...open].slice(0, MOST_NAMED).map((id) => id.slice(0, 60));
    const rest = open.size > named.length ? ` and ${open.size - named.length} more` : "";
    refuse(callsPath, `no result follows for ${named.join(", ")}${rest}`);
  }

  return {
    add(message, path) {
      const content = message.content.filter((part) => part.type !== "text" || part.text.trim() !== "");
      for (const part of content) if (part.type === "result") answer(part.id, path);
      const isAnswer = content.length > 0 && content.every(({ type }) => type === "result");
      if (!isAnswer) checkAnswered();
      if (content.length === 0) return;
      messages.push({ role: message.role, content } as Message);
      if (message.role === "user") return;
      for (const part of message.content) if (part.type === "call") open.add(part.id);
      callsPath = path;
    },
    get nextOpenId() {
      const [first] = open;
      return first;
    },
    end(path) {
      checkAnswered();
      const joined = joinUserMessages(messages);
      if (joined.at(-1)?.role !== "user") refuse(path, "expected the last message to be the user's, and not empty");
      return joined;
    },
  };
}
