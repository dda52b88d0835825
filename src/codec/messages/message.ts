/** Messages and their content blocks, as the neutral conversation and its system prompt. */
import type {
  AssistantPart,
  DocumentPart,
  ImagePart,
  Message,
  TextPart,
  ToolCall,
  ToolResult,
  UserPart,
} from "../../core/turn.ts";
import { toCallId } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { optional, refuse, toBoolean, toFilledText, toObject, toOneOf, toText } from "../check.ts";
import { toBase64, toImage, toImageOfUrl } from "../content.ts";
import { createConversation, toMessageList } from "../conversation.ts";
import { toJoinedText, toParts, toSystem, toTextPart } from "../part.ts";
import type { PartReader } from "../part.ts";

const TEXT_BLOCKS = { text: toTextPart };

const toImageBlock: PartReader<ImagePart> = (block, path) => {
  const where = `${path}.source`;
  const source = toObject(block["source"], where);
  if (toOneOf(["base64", "url"])(source["type"], `${where}.type`) === "url") {
    return toImageOfUrl(toFilledText(source["url"], `${where}.url`), `${where}.url`);
  }
  const mediaType = toText(source["media_type"], `${where}.media_type`).toLowerCase();
  return toImage({ mediaType, data: toBase64(source["data"], `${where}.data`) }, `${where}.media_type`);
};

function toDocumentSource(source: JsonObject, path: string): DocumentPart["source"] {
  switch (toOneOf(["base64", "text", "content", "url", "file"])(source["type"], `${path}.type`)) {
    case "base64": {
      const mediaType = toOneOf(["application/pdf"])(source["media_type"], `${path}.media_type`);
      return { type: "base64", mediaType, data: toBase64(source["data"], `${path}.data`) };
    }
    case "text":
      return { type: "text", text: toText(source["data"], `${path}.data`) };
    case "content":
      return { type: "text", text: toJoinedText(source["content"], `${path}.content`, TEXT_BLOCKS) };
    case "url":
      return refuse(`${path}.type`, "documents are not fetched: send the file itself as base64");
    case "file":
      return refuse(`${path}.type`, "uploaded files are not kept here: send the file itself as base64");
  }
}

const toDocumentBlock: PartReader<DocumentPart> = (block, path) => {
  const source = toDocumentSource(toObject(block["source"], `${path}.source`), `${path}.source`);
  const title = optional(block["title"], `${path}.title`, toText);
  return { type: "document", source, ...(title === undefined ? {} : { title }) };
};

/** A text document inside a result is its text; a result can carry no other document. */
const toResultDocument: PartReader<TextPart> = (block, path) => {
  const { source } = toDocumentBlock(block, path);
  return source.type === "text"
    ? { type: "text", text: source.text }
    : refuse(`${path}.source`, "a tool result can hold text and images, not a PDF");
};

const RESULT_BLOCKS = {
  ...TEXT_BLOCKS,
  image: toImageBlock,
  document: toResultDocument,
  // A tool search has found this tool; here every tool is there from the start.
  tool_reference: ((block, path) => ({
    type: "text",
    text: toText(block["tool_name"], `${path}.tool_name`),
  })) satisfies PartReader<TextPart>,
};

function readCallId(block: JsonObject, key: string, path: string): string {
  return toCallId(toText(block[key], `${path}.${key}`)) || refuse(`${path}.${key}`, "expected letters or digits");
}

const toResultBlock: PartReader<ToolResult> = (block, path) => {
  const content = toParts<TextPart | ImagePart>(block["content"] ?? "", `${path}.content`, RESULT_BLOCKS);
  return {
    type: "result",
    id: readCallId(block, "tool_use_id", path),
    content: content.filter((part) => part.type !== "text" || part.text !== ""),
    isError: optional(block["is_error"], `${path}.is_error`, toBoolean) ?? false,
  };
};

const toCallBlock: PartReader<ToolCall> = (block, path) => ({
  type: "call",
  id: readCallId(block, "id", path),
  name: toFilledText(block["name"], `${path}.name`),
  input: toObject(block["input"], `${path}.input`),
});

/** What the model thought stays with it: an empty text, which a conversation leaves out. */
const toNothing: PartReader<TextPart> = () => ({ type: "text", text: "" });

const USER_BLOCKS = { ...TEXT_BLOCKS, image: toImageBlock, document: toDocumentBlock, tool_result: toResultBlock };
const ASSISTANT_BLOCKS = { ...TEXT_BLOCKS, tool_use: toCallBlock, thinking: toNothing, redacted_thinking: toNothing };

/** A claude CLI states its version in a block of its own. The one that answers states its own, unless it finds another's. */
const CLIENT_MARK = /^x-anthropic-billing-header:[^\n]*$/;

/** The texts of a system prompt, which is a string or a list of blocks. */
export function toSystemTexts(value: unknown, path: string): string[] {
  const texts = toParts(value, path, TEXT_BLOCKS).map(({ text }) => text);
  return texts.filter((text) => !CLIENT_MARK.test(text));
}

export interface MessagesConversation {
  readonly systems: readonly string[];
  readonly messages: Message[];
}

/** Reads `messages`; system messages among them belong to the system prompt. */
export function toConversation(value: unknown): MessagesConversation {
  const conversation = createConversation();
  const systems: string[] = [];
  let lastRole = "";
  for (const [at, held] of toMessageList(value, "messages").entries()) {
    const path = `messages[${at}]`;
    const message = toObject(held, path);
    const role = toOneOf(["user", "assistant", "system"])(message["role"], `${path}.role`);
    const where = `${path}.content`;
    if (role === "system") systems.push(toSystem(toSystemTexts(message["content"], where)));
    else lastRole = role;
    if (role === "user")
      conversation.add({ role, content: toParts<UserPart>(message["content"], where, USER_BLOCKS) }, path);
    if (role === "assistant")
      conversation.add({ role, content: toParts<AssistantPart>(message["content"], where, ASSISTANT_BLOCKS) }, path);
  }
  if (lastRole === "assistant")
    refuse("messages", "an answer that was begun cannot be continued: the last message must be the user's");
  return { systems, messages: conversation.end("messages") };
}
