/**
 * Request paths as clients spell them: with or without `/v1`, with it twice, with a slash at the end. One path for
 * each.
 */
import { ProxyError } from "../core/error.ts";

/** A request's target: the path without its query, and the query without its `?`. */
export interface Target {
  readonly path: string;
  readonly query: string;
}

const VERSION = "/v1";

/** Endpoints of OpenAI's API that have no counterpart here, by their first word, and what to use instead. */
const MISSING: ReadonlyMap<string, string> = new Map([
  ["embeddings", "Claude makes no embeddings. Use an embedding server beside this one, such as Ollama or llama.cpp"],
  ["audio", "Claude takes and gives no audio. Use a speech server beside this one, such as whisper.cpp"],
  ["images", "Claude draws no images. Use an image server beside this one; images in a prompt are understood"],
  ["moderations", "there is no moderation model. Ask a model for a verdict through chat completions"],
]);

/** First words of the paths below `/v1`, which clients also use without it. */
const RESOURCES = new Set(["chat", "completions", "responses", "messages", "models", "sessions", ...MISSING.keys()]);

/** Splits a request target. Proxies send the absolute form, `http://host/path`. Source: RFC 9112, section 3.2 */
export function toTarget(url: string): Target {
  const pathAndQuery = url.startsWith("/") ? url : url.replace(/^https?:\/\/[^/?]*/i, "");
  const at = pathAndQuery.indexOf("?");
  const path = at === -1 ? pathAndQuery : pathAndQuery.slice(0, at);
  return { path: path === "" ? "/" : path, query: at === -1 ? "" : pathAndQuery.slice(at + 1) };
}

const toFirstWord = (path: string): string => path.split("/", 2)[1] ?? "";

/**
 * The one path an endpoint is found under: `/v1` once where it belongs, no slash at the end. Linear in the path's
 * length.
 */
export function toCanonicalPath(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end--;
  let from = 0;
  while (path.startsWith(`${VERSION}/`, from)) from += VERSION.length;
  const bare = path.slice(from, end);
  return RESOURCES.has(toFirstWord(bare)) ? VERSION + bare : path.slice(0, end);
}

/**
 * Refuses a path that leads nowhere. @throws ProxyError `not_found` always; it names what to use instead where
 * something is known.
 */
export function refusePath(path: string): never {
  const missing = MISSING.get(toFirstWord(path.slice(VERSION.length)));
  const isMissing = missing !== undefined && path.startsWith(`${VERSION}/`);
  throw new ProxyError("not_found", `Cannot find ${path.slice(0, 100)}${isMissing ? `: ${missing}` : ""}`);
}
