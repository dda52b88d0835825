/** Chat messages, of every role and spelling clients use, as the neutral conversation and its system prompt. */
import type { AssistantPart, ImagePart, Message, TextPart, ToolCall, UserPart } from "../../core/turn.ts";
import { toCallId } from "../../core/turn.ts";
import {
  createConversation,
  readCallId,
  toCallInput,
  toMessageList,
  toResultMessage,
  toSystem,
} from "../conversation.ts";
import type { ConversationBuilder } from "../conversation.ts";
import type { Work } from "../../lib/work.ts";
import { MOST_PARTS, toJoinedText, toLongParts, toParts, toTextPart } from "../content.ts";
import { toFields, toFilledText, toLongListOf, toOneOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";
import { toFile, toImagePart, toRefusalPart } from "../openai/content.ts";

const toSystemText = toJoinedText({ text: toTextPart });
const toUserParts = toLongParts<UserPart>({
  text: toTextPart,
  image_url: toImagePart,
  file: (part) => toFile(part.required("file", toFields)),
});
const toResultParts = toParts<TextPart | ImagePart>({ text: toTextPart, image_url: toImagePart });
const toAssistantParts = toParts<TextPart>({ text: toTextPart, refusal: toRefusalPart });

const toCall: Reader<ToolCall> = (value, path) => {
  const call = toFields(value, path);
  const made = call.required("function", toFields);
  const input = made.optional("arguments", toCallInput) ?? {};
  return { type: "call", id: readCallId(call, "id"), name: made.required("name", toFilledText), input };
};

const toCalls = toLongListOf(MOST_PARTS, toCall);

/** The deprecated single call has no id: it is given one by its place. */
function readLegacyCalls(message: Fields): ToolCall[] {
  const call = message.optional("function_call", toFields);
  if (!call) return [];
  const input = call.optional("arguments", toCallInput) ?? {};
  return [{ type: "call", id: `call${toCallId(message.path)}`, name: call.required("name", toFilledText), input }];
}

function* readAssistant(message: Fields): Work<Message> {
  const parts: AssistantPart[] = message.optional("content", toAssistantParts) ?? [];
  const refusal = message.optional("refusal", toText);
  const calls = message.optional("tool_calls", toCalls);
  return {
    role: "assistant",
    content: [
      ...parts,
      ...(refusal === undefined ? [] : [{ type: "text", text: refusal } as const]),
      ...(calls ? yield* calls : []),
      ...readLegacyCalls(message),
    ],
  };
}

function readResult(message: Fields, id: string): Message {
  return toResultMessage(id, message.optional("content", toResultParts) ?? []);
}

const toRole = toOneOf(["system", "developer", "user", "assistant", "tool", "function"]);

/** A conversation, and the system prompt it is held under. */
export interface ChatConversation {
  readonly system: string;
  readonly messages: Message[];
  /** Paths of what cannot be told to the model. */
  readonly ignored: readonly string[];
}

/** The name of the one who speaks, which the API has no place for; that of a tool's message is the tool's. */
function hasSpeaker({ object: { role, name } }: Fields): boolean {
  return name !== undefined && name !== null && role !== "tool" && role !== "function";
}

function* addMessage(message: Fields, to: { system: string[]; conversation: ConversationBuilder }): Work<void> {
  const { path } = message;
  switch (message.required("role", toRole)) {
    case "system":
    case "developer":
      to.system.push(message.required("content", toSystemText));
      break;
    case "user":
      to.conversation.add({ role: "user", content: yield* message.required("content", toUserParts) }, path);
      break;
    case "assistant":
      to.conversation.add(yield* readAssistant(message), path);
      break;
    case "tool": {
      const id = toCallId(message.required("tool_call_id", toText));
      to.conversation.add(readResult(message, id), message.pathOf("tool_call_id"));
      break;
    }
    case "function":
      to.conversation.add(readResult(message, to.conversation.findOpenId() ?? ""), message.pathOf("name"));
  }
}

/** Reads `messages`: system and developer texts, wherever they stand, are the system prompt, in their order. */
export function* readConversation(body: Fields): Work<ChatConversation> {
  const to = { system: [] as string[], conversation: createConversation() };
  const path = body.pathOf("messages");
  let named: Fields | undefined;
  for (const [at, held] of body.required("messages", toMessageList).entries()) {
    const message = toFields(held, `${path}[${at}]`);
    yield* addMessage(message, to);
    // The first stands for all: names are in every message, or in none.
    if (hasSpeaker(message)) named ??= message;
    yield;
  }
  const ignored = named ? [named.pathOf("name")] : [];
  return { system: toSystem(to.system), messages: to.conversation.end(path), ignored };
}
