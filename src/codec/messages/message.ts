/** Messages and their content blocks, as the neutral conversation and its system prompt. */
import type { RoundPart } from "../../core/round.ts";
import type { AssistantPart, DocumentPart, ImagePart, Message, TextPart, UserPart } from "../../core/turn.ts";
import type { ToolCall, ToolResult } from "../../core/turn.ts";
import { isObject } from "../../lib/json.ts";
import type { Work } from "../../lib/work.ts";
import {
  toBase64,
  toDocumentText,
  toFilled,
  toImage,
  toImageOfUrl,
  toJoinedText,
  toLongParts,
  toParts,
  toTextPart,
} from "../content.ts";
import type { PartReader } from "../content.ts";
import { createRounds, readCallId, toMessageList, toSystem } from "../conversation.ts";
import type { Ending } from "../conversation.ts";
import { refuse, toBoolean, toFields, toFilledText, toObject, toOneOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";

const TEXT_BLOCKS = { text: toTextPart };
const toImageType = toOneOf(["base64", "url"]);
const toDocumentType = toOneOf(["base64", "text", "content", "url", "file"]);
const toPdfType = toOneOf(["application/pdf"]);

const toImageBlock: PartReader<ImagePart> = (block) => {
  const source = block.required("source", toFields);
  if (source.required("type", toImageType) === "url")
    return source.required("url", (url, path) => toImageOfUrl(toFilledText(url, path), path));
  const mediaType = source.required("media_type", toText).toLowerCase();
  return toImage({ mediaType, data: source.required("data", toBase64) }, source.pathOf("media_type"));
};

function readDocumentSource(source: Fields): DocumentPart["source"] {
  switch (source.required("type", toDocumentType)) {
    case "base64": {
      const mediaType = source.required("media_type", toPdfType);
      return { type: "base64", mediaType, data: source.required("data", toBase64) };
    }
    case "text":
      return { type: "text", text: source.required("data", toText) };
    case "content":
      return { type: "text", text: source.required("content", toJoinedText(TEXT_BLOCKS)) };
    case "url":
      return refuse(source.pathOf("type"), "documents are not fetched: send the file itself as base64");
    case "file":
      return refuse(source.pathOf("type"), "uploaded files are not stored here: send the file itself as base64");
  }
}

function readDocument(block: Fields): DocumentPart {
  const source = readDocumentSource(block.required("source", toFields));
  const title = block.optional("title", toText);
  return { type: "document", source, ...(title === undefined ? {} : { title }) };
}

/** The client's words about a document, which go before it as a text. */
function readContext(block: Fields): TextPart[] {
  const text = block.optional("context", toText) ?? "";
  return text === "" ? [] : [{ type: "text", text }];
}

const toDocumentBlock: PartReader<readonly (TextPart | DocumentPart)[]> = (block) => [
  ...readContext(block),
  readDocument(block),
];

/** A text document inside a result is its text; a result can carry no other document. */
const toResultDocument: PartReader<readonly TextPart[]> = (block) => [
  ...readContext(block),
  toDocumentText(readDocument(block), block.pathOf("source")),
];

type ResultPart = TextPart | ImagePart;

const toResultBlocks = toParts<ResultPart | readonly ResultPart[]>({
  ...TEXT_BLOCKS,
  image: toImageBlock,
  document: toResultDocument,
  // A tool search has found this tool; here every tool is there from the start.
  tool_reference: (block) => ({ type: "text", text: block.required("tool_name", toText) }),
});

const toResultParts: Reader<ResultPart[]> = (value, path) => toFilled<ResultPart>(toResultBlocks(value, path).flat());

const toResultBlock: PartReader<ToolResult> = (block) => ({
  type: "result",
  id: readCallId(block, "tool_use_id"),
  content: block.optional("content", toResultParts) ?? [],
  isError: block.optional("is_error", toBoolean) ?? false,
});

const toCallBlock: PartReader<ToolCall> = (block) => ({
  type: "call",
  id: readCallId(block, "id"),
  name: block.required("name", toFilledText),
  input: block.required("input", toObject),
});

/** The id is the API's own, as it was given. */
const toServerCallBlock: PartReader<ToolCall> = (block) => ({
  type: "call",
  id: block.required("id", toFilledText),
  name: block.required("name", toFilledText),
  input: block.required("input", toObject),
  server: block.required("server_name", toFilledText),
});

const toServerResultBlock: PartReader<ToolResult> = (block) => ({
  type: "result",
  id: block.required("tool_use_id", toFilledText),
  content: block.optional("content", toResultParts) ?? [],
  isError: block.optional("is_error", toBoolean) ?? false,
});

/** An empty text, which a conversation leaves out. */
const NOTHING: TextPart = { type: "text", text: "" };

/** The API refuses thinking without a signature; some clients have it of another provider. */
const toThinkingBlock: PartReader<AssistantPart> = (block) => {
  const signature = block.optional("signature", toText) ?? "";
  return signature === "" ? NOTHING : { type: "thinking", text: block.optional("thinking", toText) ?? "", signature };
};

const toRedactedBlock: PartReader<AssistantPart> = (block) => {
  const data = block.optional("data", toText) ?? "";
  return data === "" ? NOTHING : { type: "redacted", data };
};

const toUserBlocks = toLongParts<UserPart | readonly UserPart[]>({
  ...TEXT_BLOCKS,
  image: toImageBlock,
  document: toDocumentBlock,
  tool_result: toResultBlock,
});
const toAssistantParts = toLongParts<RoundPart>({
  ...TEXT_BLOCKS,
  tool_use: toCallBlock,
  mcp_tool_use: toServerCallBlock,
  mcp_tool_result: toServerResultBlock,
  thinking: toThinkingBlock,
  redacted_thinking: toRedactedBlock,
});
const toSystemParts = toParts<TextPart>(TEXT_BLOCKS);

/**
 * A claude CLI states its version in a block of its own. The one that answers states its own, unless it finds
 * another's.
 */
const CLIENT_MARK = /^x-anthropic-billing-header:[^\n]*$/;

/** Reads the texts of a system prompt, which is a string or a list of blocks. */
export const toSystemTexts: Reader<string[]> = (value, path) =>
  toSystemParts(value, path)
    .map(({ text }) => text)
    .filter((text) => !CLIENT_MARK.test(text));

/** A conversation, and the system texts that stand in it. */
export interface MessagesConversation {
  readonly systems: readonly string[];
  readonly messages: Message[];
  /** Paths of what is asked for and cannot be had. */
  readonly ignored: readonly string[];
}

/** Paths of the wishes for citations in a message that was read: its answer has none. */
function listCitations({ object: { content }, path }: Fields): string[] {
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  return blocks.flatMap((block, at) => {
    const citations = isObject(block) && block["type"] === "document" ? block["citations"] : undefined;
    return isObject(citations) && citations["enabled"] === true ? [`${path}.content[${at}].citations`] : [];
  });
}

const toRole = toOneOf(["user", "assistant", "system"]);

/**
 * Reads `messages`; system messages among them belong to the system prompt. They end in the user's unless told.
 */
export function* readConversation(body: Fields, ending: Ending = "user"): Work<MessagesConversation> {
  const conversation = createRounds();
  const [systems, ignored]: [string[], string[]] = [[], []];
  const path = body.pathOf("messages");
  let lastRole = "";
  for (const [at, held] of body.required("messages", toMessageList).entries()) {
    const message = toFields(held, `${path}[${at}]`);
    const role = message.required("role", toRole);
    if (role === "system") systems.push(toSystem(message.required("content", toSystemTexts)));
    else lastRole = role;
    if (role === "user") {
      const content = (yield* message.required("content", toUserBlocks)).flat();
      conversation.add({ role, content }, message.path);
      for (const wish of listCitations(message)) ignored.push(wish);
    }
    if (role === "assistant")
      conversation.addAnswer(yield* message.required("content", toAssistantParts), message.path);
    yield;
  }
  if (lastRole === "assistant" && ending === "user")
    refuse(path, "an answer that was begun cannot be continued: the last message must be the user's");
  return { systems, messages: conversation.end(path, ending), ignored };
}
