/** Input items, of every type and spelling clients use, as the neutral conversation and its system prompt. */
import type { AssistantPart, ImagePart, Message, TextPart, UserPart } from "../../core/turn.ts";
import { toCallId } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { optional, refuse, toFilledText, toObject, toOneOf, toText } from "../check.ts";
import type { Earlier } from "../codec.ts";
import { toDocumentOfUrl, toImageOfUrl } from "../content.ts";
import { createConversation, toMessageList } from "../conversation.ts";
import { toCallInput, toJoinedText, toParts, toResultMessage, toTextPart } from "../part.ts";
import type { PartReader } from "../part.ts";
import { readStoredEcho } from "./echo.ts";

const toImagePart: PartReader<ImagePart> = (part, path) => {
  const where = `${path}.image_url`;
  const url = part["image_url"] ?? refuse(where, "expected a URL; uploaded files are not kept here");
  return toImageOfUrl(toFilledText(url, where), where);
};

const toFilePart: PartReader<UserPart> = (part, path) => {
  const where = `${path}.file_data`;
  const data =
    part["file_data"] ??
    refuse(where, "expected a base64 data URL; uploaded files are not kept here, and no URL is fetched");
  return toDocumentOfUrl(toFilledText(data, where), optional(part["filename"], `${path}.filename`, toText), where);
};

const toRefusalPart: PartReader<TextPart> = (part, path) => ({
  type: "text",
  text: toText(part["refusal"], `${path}.refusal`),
});

/** Clients call a text by any of its names, whoever said it. */
const TEXT_PARTS = { input_text: toTextPart, output_text: toTextPart, text: toTextPart };
const ASSISTANT_PARTS = { ...TEXT_PARTS, refusal: toRefusalPart };
const RESULT_PARTS = { ...TEXT_PARTS, input_image: toImagePart };
const USER_PARTS = { ...RESULT_PARTS, input_file: toFilePart };

export interface Input {
  readonly messages: Message[];
  readonly systems: readonly string[];
}

interface Gathering {
  readonly systems: string[];
  add(message: Message, path: string): void;
  /** An answer is several items: the parts of one are gathered until something else follows. */
  addAnswer(parts: readonly AssistantPart[], path: string): void;
}

function addMessage(item: JsonObject, path: string, to: Gathering): void {
  const where = `${path}.content`;
  const content = item["content"];
  switch (toOneOf(["user", "assistant", "system", "developer"])(item["role"], `${path}.role`)) {
    case "user":
      return to.add({ role: "user", content: toParts(content, where, USER_PARTS) }, path);
    case "assistant":
      return to.addAnswer(optional(content, where, (held) => toParts(held, where, ASSISTANT_PARTS)) ?? [], path);
    case "system":
    case "developer":
      to.systems.push(toJoinedText(content, where, TEXT_PARTS));
  }
}

function readCallId(item: JsonObject, path: string): string {
  const where = `${path}.call_id`;
  return toCallId(toText(item["call_id"], where)) || refuse(where, "expected letters or digits");
}

function addCall(item: JsonObject, path: string, to: Gathering): void {
  const input = toCallInput(item["arguments"], `${path}.arguments`);
  to.addAnswer(
    [{ type: "call", id: readCallId(item, path), name: toFilledText(item["name"], `${path}.name`), input }],
    path,
  );
}

function addResult(item: JsonObject, path: string, to: Gathering): void {
  const content = toParts<TextPart | ImagePart>(item["output"] ?? "", `${path}.output`, RESULT_PARTS);
  to.add(toResultMessage(readCallId(item, path), content), `${path}.call_id`);
}

const TYPES = [
  "message",
  "function_call",
  "function_call_output",
  "reasoning",
  "web_search_call",
  "item_reference",
] as const;

function addItem(held: unknown, path: string, to: Gathering): void {
  const item = toObject(held, path);
  const type = item["type"] ?? (item["role"] === undefined ? undefined : "message");
  switch (toOneOf(TYPES)(type, `${path}.type`)) {
    case "message":
      return addMessage(item, path, to);
    case "function_call":
      return addCall(item, path, to);
    case "function_call_output":
      return addResult(item, path, to);
    case "item_reference":
      return refuse(`${path}.type`, "items cannot be referred to: send the item itself, or previous_response_id");
    case "reasoning":
    case "web_search_call":
    // What the model thought and searched for stays with it; only what was said counts.
  }
}

/** Begins with the system texts of what is gone on from. */
function createGathering(earlierSystems: readonly string[]): Gathering & { end(path: string): Message[] } {
  const conversation = createConversation();
  const systems = [...earlierSystems];
  let answer: AssistantPart[] = [];
  let answerPath = "";

  function flush(): void {
    if (answer.length > 0) conversation.add({ role: "assistant", content: answer }, answerPath);
    answer = [];
  }

  return {
    systems,
    add(message, path) {
      flush();
      conversation.add(message, path);
    },
    addAnswer(parts, path) {
      if (answer.length === 0) answerPath = path;
      for (const part of parts) answer.push(part);
    },
    end(path) {
      flush();
      return conversation.end(path);
    },
  };
}

export const toItems = (value: unknown): readonly unknown[] =>
  typeof value === "string"
    ? [{ type: "message", role: "user", content: [{ type: "input_text", text: value }] }]
    : toMessageList(value, "input");

/** Reads the input, after what it goes on from. System and developer texts, wherever they stand, are the system prompt's. */
export function toInput(items: readonly unknown[], earlier: Earlier | undefined): Input {
  const to = createGathering(earlier ? readStoredEcho(earlier).systems : []);
  for (const message of earlier?.messages ?? []) to.add(message, "previous_response_id");
  for (const [at, item] of items.entries()) addItem(item, `input[${at}]`, to);
  return { messages: to.end("input"), systems: to.systems };
}
