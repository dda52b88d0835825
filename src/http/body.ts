/** A request's body: JSON, of a bounded size, whatever its headers claim. */
import type { IncomingMessage } from "node:http";
import { ProxyError } from "../core/error.ts";

/** Largest body, in bytes: the API's own limit. */
export const BODY_LIMIT = 32 * 1024 * 1024;
/** A client that sends too much is read to its end, so that it sees the answer; but not for ever. */
const DISCARD_LIMIT = 4 * BODY_LIMIT;

function checkHeaders({ headers }: IncomingMessage): void {
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  // A page may POST text/plain anywhere without asking first; JSON makes its browser ask.
  if (type !== "application/json") {
    throw new ProxyError("unsupported_media_type", "Cannot read body: the content-type must be application/json");
  }
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity")
    throw new ProxyError("unsupported_media_type", `Cannot read body: content-encoding ${encoding.slice(0, 40)}`);
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_LIMIT) chunks.push(chunk);
    else chunks.length = 0;
    if (size > DISCARD_LIMIT) break;
  }
  if (size > BODY_LIMIT) throw new ProxyError("too_large", `Cannot read body: larger than ${BODY_LIMIT} bytes`);
  return Buffer.concat(chunks);
}

/** Reads and parses the body. @throws ProxyError 400, 413 or 415. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  checkHeaders(request);
  const bytes = await readBytes(request);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new ProxyError("invalid_request", "Cannot read body: not JSON", { param: "body" });
  }
}
