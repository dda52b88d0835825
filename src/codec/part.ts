/** Content that is a string or a list of typed parts, and what else messages of several protocols are made of. */
import type { ImagePart, Message, TextPart } from "../core/turn.ts";
import type { JsonObject } from "../lib/json.ts";
import { optional, refuse, toList, toObject, toObjectOfText, toOneOf, toText } from "./check.ts";

/** Most parts of one message. */
export const MOST_PARTS = 10_000;

const toContentList = toList(MOST_PARTS);

export type PartReader<T> = (part: JsonObject, path: string) => T;
export type PartReaders<T> = Readonly<Record<string, PartReader<T>>>;

/** Reads content that is a string or a list of typed parts; `readers` names the types it may have. */
export function toParts<T>(content: unknown, path: string, readers: PartReaders<T>): (T | TextPart)[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return toContentList(content, path).map((held, at) => {
    const where = `${path}[${at}]`;
    const part = toObject(held, where);
    const type = toOneOf(Object.keys(readers))(part["type"], `${where}.type`);
    const read = readers[type];
    return read ? read(part, where) : refuse(where, "unknown type");
  });
}

export const toTextPart: PartReader<TextPart> = (part, path) => ({
  type: "text",
  text: toText(part["text"], `${path}.text`),
});

/** The text parts of one system message, as one text. */
export function toJoinedText(content: unknown, path: string, readers: PartReaders<TextPart>): string {
  const parts = toParts(content, path, readers);
  return parts.map(({ text }) => text).join("\n");
}

/** The system prompt that several system messages make. */
export function toSystem(texts: readonly string[]): string {
  return texts.filter((text) => text.trim() !== "").join("\n\n");
}

/** A call's arguments, which clients send as JSON text. */
export function toCallInput(json: unknown, path: string): JsonObject {
  const text = optional(json, path, toText) ?? "";
  if (text.trim() === "") return {};
  return toObjectOfText(text, path) ?? refuse(path, "expected the JSON text of an object");
}

/** The message that hands in what came of the call `id`. */
export function toResultMessage(id: string, content: readonly (TextPart | ImagePart)[], isError = false): Message {
  const filled = content.filter((part) => part.type !== "text" || part.text !== "");
  return { role: "user", content: [{ type: "result", id, content: filled, isError }] };
}
