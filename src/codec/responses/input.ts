/** Input items, of every type and spelling clients use, as the neutral conversation and its system prompt. */
import type { AssistantPart, ImagePart, Message, TextPart, UserPart } from "../../core/turn.ts";
import { toJoinedText, toParts, toTextPart } from "../content.ts";
import { createConversation, readCallId, toCallInput, toMessageList, toResultMessage } from "../conversation.ts";
import { toFields, toFilledText, toOneOf } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { toFile, toImagePart, toRefusalPart } from "../openai/content.ts";
import type { StoredResponse } from "./stored.ts";
import type { OutputItem } from "./wire.ts";

/** Clients call a text by any of its names, whoever said it. */
const TEXT_PARTS = { input_text: toTextPart, output_text: toTextPart, text: toTextPart };
const toSystemText = toJoinedText(TEXT_PARTS);
const toAssistantParts = toParts<TextPart>({ ...TEXT_PARTS, refusal: toRefusalPart });
const toResultParts = toParts<TextPart | ImagePart>({ ...TEXT_PARTS, input_image: toImagePart });
const toUserParts = toParts<UserPart>({ ...TEXT_PARTS, input_image: toImagePart, input_file: toFile });

/** The input of a request, and the conversation it makes with what it goes on from. */
export interface Input {
  readonly messages: Message[];
  /** System texts, those of earlier responses first. */
  readonly systems: readonly string[];
  /** The items as they came. */
  readonly items: readonly unknown[];
}

interface Gathering {
  readonly systems: string[];
  add(message: Message, path: string): void;
  /** An answer is several items: the parts of one are gathered until something else follows. */
  addAnswer(parts: readonly AssistantPart[], path: string): void;
}

const toRole = toOneOf(["user", "assistant", "system", "developer"]);

function addMessage(item: Fields, to: Gathering): void {
  switch (item.required("role", toRole)) {
    case "user":
      return to.add({ role: "user", content: item.required("content", toUserParts) }, item.path);
    case "assistant":
      return to.addAnswer(item.optional("content", toAssistantParts) ?? [], item.path);
    case "system":
    case "developer":
      to.systems.push(item.required("content", toSystemText));
  }
}

function addCall(item: Fields, to: Gathering): void {
  const input = item.optional("arguments", toCallInput) ?? {};
  const id = readCallId(item, "call_id");
  to.addAnswer([{ type: "call", id, name: item.required("name", toFilledText), input }], item.path);
}

function addResult(item: Fields, to: Gathering): void {
  const content = item.optional("output", toResultParts) ?? [];
  to.add(toResultMessage(readCallId(item, "call_id"), content), item.pathOf("call_id"));
}

const toItemType = toOneOf([
  "message",
  "function_call",
  "function_call_output",
  "reasoning",
  "web_search_call",
  "item_reference",
]);

/** An item without a type is a message, if it has a role. */
const toType =
  ({ object }: Fields): Reader<ReturnType<typeof toItemType>> =>
  (value, path) =>
    toItemType(value ?? (object["role"] === undefined ? undefined : "message"), path);

/** Finds an item of an earlier answer by its id. @throws ProxyError `not_found` naming the path. */
type FindItem = (id: string, path: string) => OutputItem;

function addItem(item: Fields, to: Gathering, findItem: FindItem): void {
  switch (item.required("type", toType(item))) {
    case "message":
      return addMessage(item, to);
    case "function_call":
      return addCall(item, to);
    case "function_call_output":
      return addResult(item, to);
    case "item_reference":
      return addItem(toFields(findItem(item.required("id", toFilledText), item.pathOf("id")), item.path), to, findItem);
    case "reasoning":
    case "web_search_call":
    // Thoughts and searches stay with the model; only what was said counts.
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

const toItems: Reader<readonly unknown[]> = (value, path) =>
  typeof value === "string"
    ? [{ type: "message", role: "user", content: [{ type: "input_text", text: value }] }]
    : toMessageList(value, path);

/**
 * Reads `input`, after what it goes on from. System and developer texts, wherever they stand, are the system prompt's.
 */
export function readInput(body: Fields, earlier: StoredResponse | undefined, findItem: FindItem): Input {
  const items = body.required("input", toItems);
  const path = body.pathOf("input");
  const to = createGathering(earlier?.systems ?? []);
  for (const message of earlier?.messages ?? []) to.add(message, "previous_response_id");
  for (const [at, item] of items.entries()) addItem(toFields(item, `${path}[${at}]`), to, findItem);
  return { messages: to.end(path), systems: to.systems, items };
}
