/** Chat messages, of every role and spelling clients use, as the neutral conversation and its system prompt. */
import type { AssistantPart, ImagePart, Message, TextPart, ToolCall, UserPart } from "../../core/turn.ts";
import { toCallId } from "../../core/turn.ts";
import type { JsonObject } from "../../lib/json.ts";
import { optional, refuse, toList, toFilledText, toObject, toOneOf, toText } from "../check.ts";
import { createConversation, toMessageList } from "../conversation.ts";
import type { ConversationBuilder } from "../conversation.ts";
import { toDocumentOfUrl, toImageOfUrl } from "../content.ts";
import { MOST_PARTS, toCallInput, toJoinedText, toParts, toResultMessage, toSystem, toTextPart } from "../part.ts";
import type { PartReader } from "../part.ts";

const toImagePart: PartReader<ImagePart> = (part, path) => {
  const where = `${path}.image_url`;
  const held = part["image_url"];
  if (typeof held === "string") return toImageOfUrl(held, where);
  return toImageOfUrl(toFilledText(toObject(held, where)["url"], `${where}.url`), `${where}.url`);
};

const toFilePart: PartReader<UserPart> = (part, path) => {
  const file = toObject(part["file"], `${path}.file`);
  const title = optional(file["filename"], `${path}.file.filename`, toText);
  const data =
    file["file_data"] ??
    refuse(`${path}.file.file_data`, "expected a base64 data URL; uploaded files are not kept here");
  return toDocumentOfUrl(toFilledText(data, `${path}.file.file_data`), title, `${path}.file.file_data`);
};

const SYSTEM_PARTS = { text: toTextPart };
const USER_PARTS = { text: toTextPart, image_url: toImagePart, file: toFilePart };
const TOOL_PARTS = { text: toTextPart, image_url: toImagePart };
const ASSISTANT_PARTS = {
  text: toTextPart,
  refusal: ((part, path) => ({
    type: "text",
    text: toText(part["refusal"], `${path}.refusal`),
  })) satisfies PartReader<TextPart>,
};

function toCalls(message: JsonObject, path: string): ToolCall[] {
  const calls = optional(message["tool_calls"], `${path}.tool_calls`, toList(MOST_PARTS)) ?? [];
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
  return [
    {
      type: "call",
      id: `call${toCallId(path)}`,
      name: toFilledText(call["name"], `${path}.function_call.name`),
      input,
    },
  ];
}

function toAssistantMessage(message: JsonObject, path: string): Message {
  const { content, refusal } = message;
  const parts: AssistantPart[] =
    optional(content, `${path}.content`, (held, where) => toParts(held, where, ASSISTANT_PARTS)) ?? [];
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
  return toResultMessage(id, toParts<TextPart | ImagePart>(message["content"] ?? "", `${path}.content`, TOOL_PARTS));
}

const toRole = toOneOf(["system", "developer", "user", "assistant", "tool", "function"]);

export interface ChatConversation {
  readonly system: string;
  readonly messages: Message[];
}

function addMessage(held: unknown, path: string, to: { system: string[]; conversation: ConversationBuilder }): void {
  const message = toObject(held, path);
  const content = message["content"];
  switch (toRole(message["role"], `${path}.role`)) {
    case "system":
    case "developer":
      to.system.push(toJoinedText(content, `${path}.content`, SYSTEM_PARTS));
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
      to.conversation.add(toToolMessage(message, path, to.conversation.nextOpenId ?? ""), `${path}.name`);
  }
}

/** Reads `messages`: system and developer texts, wherever they stand, are the system prompt, in their order. */
export function toConversation(value: unknown): ChatConversation {
  const list = toMessageList(value, "messages");
  const to = { system: [] as string[], conversation: createConversation() };
  for (const [at, message] of list.entries()) addMessage(message, `messages[${at}]`, to);
  return { system: toSystem(to.system), messages: to.conversation.end("messages") };
}
