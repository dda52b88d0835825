/** Images and files as clients send them: data URLs and http(s) URLs. */
import type { DocumentPart, ImagePart } from "../core/turn.ts";
import { IMAGE_TYPES } from "../core/turn.ts";
import { refuse } from "./check.ts";

interface DataUrl {
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Checked base64. */
export function toBase64(value: unknown, path: string): string {
  return typeof value === "string" && BASE64.test(value) ? value : refuse(path, "the data is not base64");
}

/** Splits a base64 data URL. Source: https://www.rfc-editor.org/rfc/rfc2397 */
function toDataUrl(url: string, path: string): DataUrl {
  const comma = url.indexOf(",");
  const head = /^data:([^;,]+)(?:;[^;,]+)*;base64$/i.exec(url.slice(0, Math.max(comma, 0)));
  if (!head) return refuse(path, "expected a base64 data URL");
  return { mediaType: (head[1] ?? "").toLowerCase(), data: toBase64(url.slice(comma + 1), path) };
}

/** Base64 of an image of a type the API takes. */
export function toImage({ mediaType, data }: DataUrl, path: string): ImagePart {
  const named = mediaType === "image/jpg" ? "image/jpeg" : mediaType;
  const known = IMAGE_TYPES.find((type) => type === named);
  if (!known) return refuse(path, `expected one of ${IMAGE_TYPES.join(", ")}, got ${mediaType.slice(0, 60)}`);
  return { type: "image", source: { type: "base64", mediaType: known, data } };
}

/** An image by data URL, or by http(s) URL, which the API fetches itself. */
export function toImageOfUrl(url: string, path: string): ImagePart {
  if (/^https?:\/\/./i.test(url)) return { type: "image", source: { type: "url", url } };
  if (!/^data:/i.test(url)) return refuse(path, "expected an http(s) URL or a data URL");
  return toImage(toDataUrl(url, path), path);
}

/** A file by data URL: a PDF, or anything that is text. `title` is its name, if it has one. */
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
