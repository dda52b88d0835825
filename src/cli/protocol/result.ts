/** The result of a tool, as the CLI gives it to the model. */
import { IMAGE_TYPES } from "../../core/turn.ts";
import type { ToolResult } from "../../core/turn.ts";
import { isObject, textOf } from "../../lib/json.ts";

/** The result of one tool. */
export interface ToolResultMessage {
  readonly type: "tool_result";
  /** The API's id of the call. */
  readonly id: string;
  readonly isError: boolean;
  readonly content: ToolResult["content"];
}

/** Texts and images; what else a tool may give is left out. */
function toContent(content: unknown): ToolResult["content"] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  const blocks = Array.isArray(content) ? content.filter(isObject) : [];
  return blocks.flatMap((block): ToolResult["content"] => {
    if (block["type"] === "text") return [{ type: "text", text: textOf(block["text"]) }];
    const source = block["type"] === "image" ? block["source"] : undefined;
    const { media_type: type, data } = isObject(source) ? source : {};
    const mediaType = IMAGE_TYPES.find((known) => known === type);
    return mediaType ? [{ type: "image", source: { type: "base64", mediaType, data: textOf(data) } }] : [];
  });
}

/** Reads the content of a user message; undefined for one that does not begin with a result. */
export function toToolResult(content: unknown): ToolResultMessage | undefined {
  const first: unknown = Array.isArray(content) ? content[0] : undefined;
  if (!isObject(first) || first["type"] !== "tool_result") return undefined;
  const { tool_use_id: id, is_error: isError, content: held } = first;
  return { type: "tool_result", id: textOf(id), isError: isError === true, content: toContent(held) };
}
