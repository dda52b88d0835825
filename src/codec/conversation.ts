/** A conversation gathered message by message: what is empty is left out, and every call must meet its result. */
import { joinUserMessages } from "../core/turn.ts";
import type { Message, ToolCall } from "../core/turn.ts";
import { refuse } from "./check.ts";

export interface ConversationBuilder {
  /** Adds the next message; `path` is where the request has it. @throws ProxyError when a result has no call, or a call no result. */
  add(message: Message, path: string): void;
  /** The calls of the last assistant message that still lack a result. */
  readonly open: readonly ToolCall[];
  /** The whole conversation, user messages joined. @throws ProxyError when it does not end in a user message. */
  end(path: string): Message[];
}

/** Makes an empty conversation. */
export function createConversation(): ConversationBuilder {
  const messages: Message[] = [];
  let open: ToolCall[] = [];
  let callsPath = "";

  function answer(id: string, path: string): void {
    if (!open.some((call) => call.id === id)) refuse(path, `no open tool call has the id ${id.slice(0, 60)}`);
    open = open.filter((call) => call.id !== id);
  }

  function checkAnswered(): void {
    if (open.length > 0) refuse(callsPath, `no result follows for ${open.map(({ id }) => id.slice(0, 60)).join(", ")}`);
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
      open = message.content.filter((part) => part.type === "call");
      callsPath = path;
    },
    get open() {
      return open;
    },
    end(path) {
      checkAnswered();
      const joined = joinUserMessages(messages);
      if (joined.at(-1)?.role !== "user") refuse(path, "expected the last message to be the user's, and not empty");
      return joined;
    },
  };
}
