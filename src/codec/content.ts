/** Content of messages, as far as protocols agree: text, typed parts, images and files. */
import type { DocumentPart, ImagePart, TextPart } from "../core/turn.ts";
import { IMAGE_TYPES } from "../core/turn.ts";
import type { Work } from "../lib/work.ts";
import { finish } from "../lib/work.ts";
import { refuse, toFields, toLongListOf, toOneOf, toText } from "./field.ts";
import type { Fields, Reader } from "./field.ts";

/** Makes a part of one type out of its fields. */
export type PartReader<T> = (part: Fields) => T;
/** By the type's name on the wire. */
export type PartReaders<T> = Readonly<Record<string, PartReader<T>>>;

/** Most parts of one message. */
export const MOST_PARTS = 10_000;

/** Reads content as `toParts` does, and may pause after each part. */
export function toLongParts<T>(readers: PartReaders<T>): Reader<Work<(T | TextPart)[]>> {
  const toType = toOneOf(Object.keys(readers));
  const toPart: Reader<T> = (value, path) => {
    const part = toFields(value, path);
    const read = readers[part.required("type", toType)];
    return read ? read(part) : refuse(part.pathOf("type"), "unknown type");
  };
  const toList = toLongListOf<T | TextPart>(MOST_PARTS, toPart);
  return function* (value, path) {
    return typeof value === "string" ? [{ type: "text", text: value }] : yield* toList(value, path);
  };
}

/** Reads content that is a string or a list of typed parts; `readers` names the types it may have. */
export function toParts<T>(readers: PartReaders<T>): Reader<(T | TextPart)[]> {
  const read = toLongParts(readers);
  return (value, path) => finish(read(value, path));
}

/** Reads a part that holds its text under the name `text`. */
export const toTextPart: PartReader<TextPart> = (part) => ({ type: "text", text: part.required("text", toText) });

/** Leaves out texts without a character: a tool's result needs none to be one. */
export function toFilled<T extends { readonly type: string }>(parts: readonly (T | TextPart)[]): (T | TextPart)[] {
  return parts.filter((part) => part.type !== "text" || !("text" in part) || part.text !== "");
}

/** Reads the text parts of one system message as one text. */
export function toJoinedText(readers: PartReaders<TextPart>): Reader<string> {
  const read = toParts(readers);
  return (value, path) =>
    read(value, path)
      .map(({ text }) => text)
      .join("\n");
}

interface DataUrl {
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Reads base64, padded or not. */
export const toBase64: Reader<string> = (value, path) =>
  typeof value === "string" && BASE64.test(value) ? value : refuse(path, "the data is not base64");

/** Splits a base64 data URL. Source: https://www.rfc-editor.org/rfc/rfc2397 */
function toDataUrl(url: string, path: string): DataUrl {
  const comma = url.indexOf(",");
  const head = /^data:([^;,]+)(?:;[^;,]+)*;base64$/i.exec(url.slice(0, Math.max(comma, 0)));
  if (!head) return refuse(path, "expected a base64 data URL");
  return { mediaType: (head[1] ?? "").toLowerCase(), data: toBase64(url.slice(comma + 1), path) };
}

/** Makes an image of base64, of a type the API takes. */
export function toImage({ mediaType, data }: DataUrl, path: string): ImagePart {
  const named = mediaType === "image/jpg" ? "image/jpeg" : mediaType;
  const known = IMAGE_TYPES.find((type) => type === named);
  if (!known) return refuse(path, `expected one of ${IMAGE_TYPES.join(", ")}, got ${mediaType.slice(0, 60)}`);
  return { type: "image", source: { type: "base64", mediaType: known, data } };
}

/** Makes an image of a data URL, or of an http(s) URL, which the API fetches itself. */
export function toImageOfUrl(url: string, path: string): ImagePart {
  if (/^https?:\/\/./i.test(url)) return { type: "image", source: { type: "url", url } };
  if (!/^data:/i.test(url)) return refuse(path, "expected an http(s) URL or a data URL");
  return toImage(toDataUrl(url, path), path);
}

/** Makes the text that a document is in a tool's result, which can carry no other; `path` is that of its data. */
export function toDocumentText({ source }: DocumentPart, path: string): TextPart {
  return source.type === "text"
    ? { type: "text", text: source.text }
    : refuse(path, "a tool result can hold text and images, not a PDF");
}

/** Makes a document of a data URL: a PDF, or anything that is text. `title` is its name, if it has one. */
export function toDocumentOfUrl(url: string, title: string | undefined, path: string): DocumentPart {
  const { mediaType, data } = toDataUrl(url, path);
  const named = title === undefined ? {} : { title };
  if (mediaType === "application/pdf")
    return { type: "document", source: { type: "base64", mediaType, data }, ...named };
  if (!/^(text\/.+|application\/(json|xml|yaml|x-yaml|javascript|toml))$/.test(mediaType)) {
    return refuse(path, `expected application/pdf or a text type, got ${mediaType.slice(0, 60)}`);
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(data, "base64"));
    return { type: "document", source: { type: "text", text }, ...named };
  } catch {
    return refuse(path, "the text is not UTF-8");
  }
}
