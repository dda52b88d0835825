/** Chat messages, of every role and spelling clients use, as the neutral conversation and its system prompt. */
import type { AssistantPart, ImagePart, Message, TextPart, ToolCall, UserPart } from "../../core/turn.ts";
import { toCallId } from "../../core/turn.ts";
import { isObject, parseJson } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import { optional, refuse, toArray, toFilledText, toFreeObject, toObject, toOneOf, toText } from "../check.ts";
import { createConversation } from "../conversation.ts";
import type { ConversationBuilder } from "../conversation.ts";
import { toDocumentOfUrl, toImageOfUrl } from "../content.ts";

type PartReader<T> = (part: JsonObject, path: string) => T;

/** Reads content that is a string or a list of typed parts; `readers` names the types this role may have. */
function toParts<T>(content: unknown, path: string, readers: Readonly<Record<string, PartReader<T>>>): (T | TextPart)[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return toArray(content, path).map((held, at) => {
    const where = `${path}[${at}]`;
    const part = toObject(held, where);
    const type = toOneOf(Object.keys(readers))(part["type"], `${where}.type`);
    const read = readers[type];
    return read ? read(part, where) : refuse(where, "unknown type");
  });
}

const toTextPart: PartReader<TextPart> = (part, path) => ({ type: "text", text: toText(part["text"], `${path}.text`) });

const toImagePart: PartReader<ImagePart> = (part, path) => {
  const where = `${path}.image_url`;
  const held = part["image_url"];
  if (typeof held === "string") return toImageOfUrl(held, where);
  return toImageOfUrl(toFilledText(toObject(held, where)["url"], `${where}.url`), `${where}.url`);
};

const toFilePart: PartReader<UserPart> = (part, path) => {
  const file = toObject(part["file"], `${path}.file`);
  const title = optional(file["filename"], `${path}.file.filename`, toText);
  const data = file["file_data"] ?? refuse(`${path}.file.file_data`, "expected a base64 data URL; uploaded files are not kept here");
  return toDocumentOfUrl(toFilledText(data, `${path}.file.file_data`), title, `${path}.file.file_data`);
};

const TEXT_ONLY = { text: toTextPart };
const USER_PARTS = { text: toTextPart, image_url: toImagePart, file: toFilePart };
const TOOL_PARTS = { text: toTextPart, image_url: toImagePart };
const ASSISTANT_PARTS = {
  text: toTextPart,
  refusal: ((part, path) => ({ type: "text", text: toText(part["refusal"], `${path}.refusal`) })) satisfies PartReader<TextPart>,
};

/** A system prompt's or a result's text parts, as one text. */
function toJoinedText(content: unknown, path: string): string {
  const parts = toParts(content, path, TEXT_ONLY);
  return parts.map(({ text }) => text).join("\n");
}

function toCallInput(json: unknown, path: string): JsonObject {
  const text = optional(json, path, toText) ?? "";
  if (text.trim() === "") return {};
  const input = parseJson(text);
  return isObject(input) ? toFreeObject(input, path) : refuse(path, "expected the JSON text of an object");
}

function toCalls(message: JsonObject, path: string): ToolCall[] {
  const calls = optional(message["tool_calls"], `${path}.tool_calls`, toArray) ?? [];
  return calls.map((held, at): ToolCall => {
    const where = `${path}.tool_calls[${at}]`;
    const call = toObject(held, where);
    const made = toObject(call["function"], `${where}.function`);
    const id = toCallId(toText(call["id"], `${where}.id`)) || refuse(`${where}.id`, "expected letters or digits");
    const input = toCallInput(made["arguments"], `${where}.function.arguments`);
    return { type: "call", id, name: toFilledText(made["name"], `${where}.function.name`), input };
  });
}

/** The deprecated single call has no id: it is given one by its place. */
function toLegacyCalls(message: JsonObject, path: string): ToolCall[] {
  const call = optional(message["function_call"], `${path}.function_call`, toObject);
  if (!call) return [];
  const input = toCallInput(call["arguments"], `${path}.function_call.arguments`);
  return [{ type: "call", id: `call${toCallId(path)}`, name: toFilledText(call["name"], `${path}.function_call.name`), input }];
}

function toAssistantMessage(message: JsonObject, path: string): Message {
  const { content, refusal } = message;
  const parts: AssistantPart[] = optional(content, `${path}.content`, (held, where) => toParts(held, where, ASSISTANT_PARTS)) ?? [];
  const refused = optional(refusal, `${path}.refusal`, toText);
  return {
    role: "assistant",
    content: [
      ...parts,
      ...(refused === undefined ? [] : [{ type: "text", text: refused } as const]),
      ...toCalls(message, path),
      ...toLegacyCalls(message, path),
    ],
  };
}

function toToolMessage(message: JsonObject, path: string, id: string): Message {
  const content = toParts<TextPart | ImagePart>(message["content"] ?? "", `${path}.content`, TOOL_PARTS);
  const filled = content.filter((part) => part.type !== "text" || part.text !== "");
  return { role: "user", content: [{ type: "result", id, content: filled, isError: false }] };
}

const ROLES = ["system", "developer", "user", "assistant", "tool", "function"] as const;

export interface ChatConversation {
  readonly system: string;
  readonly messages: Message[];
}

function addMessage(held: unknown, path: string, to: { system: string[]; conversation: ConversationBuilder }): void {
  const message = toObject(held, path);
  const content = message["content"];
  switch (toOneOf(ROLES)(message["role"], `${path}.role`)) {
    case "system":
    case "developer":
      to.system.push(toJoinedText(content, `${path}.content`));
      break;
    case "user":
      to.conversation.add({ role: "user", content: toParts(content, `${path}.content`, USER_PARTS) }, path);
      break;
    case "assistant":
      to.conversation.add(toAssistantMessage(message, path), path);
      break;
    case "tool": {
      const where = `${path}.tool_call_id`;
      to.conversation.add(toToolMessage(message, path, toCallId(toText(message["tool_call_id"], where))), where);
      break;
    }
    case "function":
      to.conversation.add(toToolMessage(message, path, to.conversation.open[0]?.id ?? ""), `${path}.name`);
  }
}

/** Reads `messages`: system and developer texts, wherever they stand, are the system prompt, in their order. */
export function toConversation(value: unknown): ChatConversation {
  const list = toArray(value, "messages");
  const to = { system: [] as string[], conversation: createConversation() };
  for (const [at, message] of list.entries()) addMessage(message, `messages[${at}]`, to);
  const system = to.system.filter((text) => text.trim() !== "").join("\n\n");
  return { system, messages: to.conversation.end("messages") };
}
