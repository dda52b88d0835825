/** Input items, of every type and spelling clients use, as the neutral conversation and its system prompt. */
import type { ImagePart, Message, TextPart, UserPart } from "../../core/turn.ts";
import type { Work } from "../../lib/work.ts";
import { toDocumentText, toJoinedText, toLongParts, toParts, toTextPart } from "../content.ts";
import { createRounds, readCallId, toCallInput, toMessageList, toResultMessage } from "../conversation.ts";
import type { RoundsBuilder } from "../conversation.ts";
import { toFields, toFilledText, toOneOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { toFile, toImagePart, toRefusalPart } from "../openai/content.ts";
import { toErrorText } from "../server.ts";
import { toMcpCallOf } from "./mcp.ts";
import type { StoredResponse } from "./stored.ts";
import type { OutputItem } from "./wire.ts";

/** Clients call a text by any of its names, whoever said it. */
const TEXT_PARTS = { input_text: toTextPart, output_text: toTextPart, text: toTextPart };
const toSystemText = toJoinedText(TEXT_PARTS);
const toAssistantParts = toParts<TextPart>({ ...TEXT_PARTS, refusal: toRefusalPart });
const toResultParts = toParts<TextPart | ImagePart>({
  ...TEXT_PARTS,
  input_image: toImagePart,
  input_file: (part) => toDocumentText(toFile(part), part.pathOf("file_data")),
});
const toUserParts = toLongParts<UserPart>({ ...TEXT_PARTS, input_image: toImagePart, input_file: toFile });

/** The input of a request, and the conversation it makes with what it goes on from. */
export interface Input {
  readonly messages: Message[];
  /** System texts, those of earlier responses first. */
  readonly systems: readonly string[];
  /** Labels of the MCP servers whose tools were listed in it. */
  readonly listed: readonly string[];
  /** The items as they came. */
  readonly items: readonly unknown[];
}

interface Gathering extends RoundsBuilder {
  readonly systems: string[];
  readonly listed: string[];
  /** Ids of the items that were referred to. */
  readonly referred: Set<string>;
}

const toRole = toOneOf(["user", "assistant", "system", "developer"]);

function* addMessage(item: Fields, to: Gathering): Work<void> {
  switch (item.required("role", toRole)) {
    case "user":
      return to.add({ role: "user", content: yield* item.required("content", toUserParts) }, item.path);
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

/** A call to an MCP server, and its result in the same item. One without a result is left out. */
function addServerCall(item: Fields, to: Gathering): void {
  const id = toMcpCallOf(item.required("id", toFilledText));
  const input = item.optional("arguments", toCallInput) ?? {};
  const server = item.required("server_label", toFilledText);
  const call = { type: "call", id, name: item.required("name", toFilledText), input, server } as const;
  const { error } = item.object;
  const isError = error !== undefined && error !== null;
  const text = isError ? toErrorText(error) : item.optional("output", toText);
  if (text === undefined) return;
  const content = text === "" ? [] : [{ type: "text", text } as const];
  to.addAnswer([call, { type: "result", id, content, isError }], item.path);
}

/** A server whose tools could not be listed is listed again. */
function addList(item: Fields, to: Gathering): void {
  const label = item.required("server_label", toFilledText);
  const { error } = item.object;
  if (error === undefined || error === null) to.listed.push(label);
}

const toItemType = toOneOf([
  "message",
  "function_call",
  "function_call_output",
  "mcp_call",
  "mcp_list_tools",
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

function* addItem(item: Fields, to: Gathering, findItem: FindItem): Work<void> {
  switch (item.required("type", toType(item))) {
    case "message":
      return yield* addMessage(item, to);
    case "function_call":
      return addCall(item, to);
    case "function_call_output":
      return addResult(item, to);
    case "mcp_call":
      return addServerCall(item, to);
    case "mcp_list_tools":
      return addList(item, to);
    case "item_reference": {
      const id = item.required("id", toFilledText);
      // Some clients refer to a call of the server's side twice: for the call, and for its result.
      if (to.referred.has(id)) return;
      to.referred.add(id);
      return yield* addItem(toFields(findItem(id, item.pathOf("id")), item.path), to, findItem);
    }
    case "reasoning":
    case "web_search_call":
    // Thoughts and searches stay with the model; only what was said counts.
  }
}

/** Begins with the system texts, and the listed servers, of what is gone on from. */
function createGathering(earlier: StoredResponse | undefined): Gathering {
  return {
    ...createRounds(),
    systems: [...(earlier?.systems ?? [])],
    listed: [...(earlier?.listed ?? [])],
    referred: new Set(),
  };
}

const toItems: Reader<readonly unknown[]> = (value, path) =>
  typeof value === "string"
    ? [{ type: "message", role: "user", content: [{ type: "input_text", text: value }] }]
    : toMessageList(value, path);

/**
 * Reads `input`, after what it goes on from. System and developer texts, wherever they stand, are the system prompt's.
 */
export function* readInput(body: Fields, earlier: StoredResponse | undefined, findItem: FindItem): Work<Input> {
  const items = body.required("input", toItems);
  const path = body.pathOf("input");
  const to = createGathering(earlier);
  for (const message of earlier?.messages ?? []) to.add(message, "previous_response_id");
  for (const [at, item] of items.entries()) {
    yield* addItem(toFields(item, `${path}[${at}]`), to, findItem);
    yield;
  }
  return { messages: to.end(path), systems: to.systems, listed: to.listed, items };
}
