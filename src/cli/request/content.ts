/** Messages in the CLI's words: content blocks as the Messages API takes them, and the line that starts a turn. */
import type { AssistantPart, Message, ToolResult, UserPart } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { toModelName, toServerToolName } from "../protocol/name.ts";

/** The CLI gives an error of a server's as one string (P46). */
function toResultContent({ content, isError, server }: ToolResult): string | JsonObject[] {
  const [first, ...others] = content;
  const isString = server !== undefined && isError && first?.type === "text" && others.length === 0;
  return isString ? first.text : content.map(toUserBlock);
}

function toUserBlock(part: UserPart): JsonObject {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "image":
      return part.source.type === "url"
        ? { type: "image", source: { type: "url", url: part.source.url } }
        : { type: "image", source: { type: "base64", media_type: part.source.mediaType, data: part.source.data } };
    case "document": {
      const source =
        part.source.type === "text"
          ? { type: "text", media_type: "text/plain", data: part.source.text }
          : { type: "base64", media_type: part.source.mediaType, data: part.source.data };
      return { type: "document", source, ...(part.title === undefined ? {} : { title: part.title }) };
    }
    case "result":
      return {
        // In the CLI's own order, so that a replayed result is the same text as a live one.
        tool_use_id: part.id,
        type: "tool_result",
        content: toResultContent(part),
        ...(part.isError ? { is_error: true } : {}),
      };
  }
}

function toAssistantBlock(part: AssistantPart): JsonObject {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "thinking":
      return { type: "thinking", thinking: part.text, signature: part.signature };
    case "redacted":
      return { type: "redacted_thinking", data: part.data };
    case "call": {
      const { id, name, server, input } = part;
      return {
        type: "tool_use",
        id,
        name: server === undefined ? toModelName(name) : toServerToolName(server, name),
        input,
      };
    }
  }
}

/** A message's content as the Messages API takes it: a plain text as a string, everything else as blocks. */
export function toContent(message: Message): string | JsonObject[] {
  if (message.role === "assistant") return message.content.map(toAssistantBlock);
  const [first] = message.content;
  return message.content.length === 1 && first?.type === "text" ? first.text : message.content.map(toUserBlock);
}

/**
 * The line that starts a turn. `client_composed` makes the text data: without it commands run and @mentions read files
 * (P30).
 */
export function toUserLine(message: Message): JsonObject {
  return {
    type: "user",
    message: { role: "user", content: toContent(message) },
    parent_tool_use_id: null,
    session_id: "",
    client_composed: true,
  };
}
