/** Ollama's messages as the neutral conversation and its system prompt. */
import type { ImagePart, Message, ToolCall, UserPart } from "../../core/turn.ts";
import { IMAGE_TYPES, toCallId } from "../../core/turn.ts";
import { MOST_PARTS, toBase64, toImageOfUrl } from "../content.ts";
import { createConversation, toCallInput, toMessageList, toResultMessage, toSystem } from "../conversation.ts";
import type { ConversationBuilder } from "../conversation.ts";
import type { Work } from "../../lib/work.ts";
import { refuse, toFields, toFilledText, toListOf, toLongListOf, toObject, toOneOf, toText } from "../field.ts";
import type { Fields, Reader } from "../field.ts";

/** First characters of each image type's base64: Ollama's images do not name their type. */
const BEGINNINGS: Readonly<Record<(typeof IMAGE_TYPES)[number], string>> = {
  "image/png": "iVBORw0KGgo",
  "image/jpeg": "/9j/",
  "image/gif": "R0lGOD",
  "image/webp": "UklGR",
};

/** Reads base64 of an image, or a data URL, which some clients send. */
const toImage: Reader<ImagePart> = (value, path) => {
  if (typeof value === "string" && value.startsWith("data:")) return toImageOfUrl(value, path);
  const data = toBase64(value, path);
  const mediaType = IMAGE_TYPES.find((type) => data.startsWith(BEGINNINGS[type]));
  if (!mediaType) return refuse(path, `expected base64 of one of ${IMAGE_TYPES.join(", ")}`);
  return { type: "image", source: { type: "base64", mediaType, data } };
};

/** Reads a list of images. */
export const toImages: Reader<ImagePart[]> = toListOf(MOST_PARTS, toImage);

/** Arguments are an object; some clients send its JSON text. */
const toArguments: Reader<ToolCall["input"]> = (value, path) =>
  typeof value === "string" ? toCallInput(value, path) : toObject(value, path);

/** A call has an id only where the client has kept the one it was given; else it gets one by its place. */
const toCall: Reader<ToolCall> = (value, path) => {
  const call = toFields(value, path);
  const made = call.required("function", toFields);
  const given = toCallId(call.optional("id", toText) ?? "");
  const id = given === "" ? `call${toCallId(path)}` : given;
  const input = made.optional("arguments", toArguments) ?? {};
  return { type: "call", id, name: made.required("name", toFilledText), input };
};

const toCalls = toLongListOf(MOST_PARTS, toCall);

function readUser(message: Fields): Message {
  const text = message.optional("content", toText) ?? "";
  const content: UserPart[] = [{ type: "text", text }, ...(message.optional("images", toImages) ?? [])];
  return { role: "user", content };
}

function* readAssistant(message: Fields): Work<Message> {
  const text = message.optional("content", toText) ?? "";
  const calls = message.optional("tool_calls", toCalls);
  return { role: "assistant", content: [{ type: "text", text }, ...(calls ? yield* calls : [])] };
}

/**
 * A result names its call by id, by the tool's name, or not at all: then it is the first that lacks one. One whose call
 * is gone is left out: clients trim their histories anywhere, and Ollama takes what is left.
 */
function addResult(message: Fields, conversation: ConversationBuilder): void {
  const id = toCallId(message.optional("tool_call_id", toText) ?? "");
  const name = message.optional("tool_name", toText) ?? message.optional("name", toText);
  const text = message.optional("content", toText) ?? "";
  const content = [{ type: "text", text } as const, ...(message.optional("images", toImages) ?? [])];
  const found = id === "" ? (conversation.findOpenId(name) ?? conversation.findOpenId()) : id;
  if (found === undefined || !conversation.isOpen(found)) return;
  conversation.add(toResultMessage(found, content), message.path);
}

const toRole = toOneOf(["system", "user", "assistant", "tool"]);

/** A conversation, and the system prompt it is held under. */
export interface OllamaConversation {
  readonly system: string;
  readonly messages: Message[];
}

/** Reads `messages`: system messages, wherever they stand, are the system prompt, in their order. */
export function* readConversation(body: Fields): Work<OllamaConversation> {
  const conversation = createConversation("trimmed");
  const systems: string[] = [];
  const path = body.pathOf("messages");
  for (const [at, held] of body.required("messages", toMessageList).entries()) {
    const message = toFields(held, `${path}[${at}]`);
    switch (message.required("role", toRole)) {
      case "system":
        systems.push(message.optional("content", toText) ?? "");
        break;
      case "user":
        conversation.add(readUser(message), message.path);
        break;
      case "assistant":
        conversation.add(yield* readAssistant(message), message.path);
        break;
      case "tool":
        addResult(message, conversation);
    }
    yield;
  }
  return { system: toSystem(systems), messages: conversation.end(path) };
}
