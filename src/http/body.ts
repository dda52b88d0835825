/** A request's body: JSON, of a bounded size whatever its headers claim, within what all bodies together may hold. */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { StringDecoder } from "node:string_decoder";
import { checkBodyText } from "../codec/field.ts";
import { ProxyError } from "../core/error.ts";
import { finishInSlices, inSlices } from "../lib/slice.ts";
import { createBudget, toFullError } from "./budget.ts";
import type { Exchange } from "./exchange.ts";

/** Largest body, in bytes: the API's own limit. */
export const BODY_LIMIT = 32 * 1024 * 1024;
/** Longest time for a body to arrive, in milliseconds. The server's own limit is longer, and has no words for it. */
const BODY_MS = 120_000;
/** A client that sends too much is read to its end, so that it sees the answer; but not for ever. */
const DISCARD_LIMIT = 4 * BODY_LIMIT;
/** Most bytes of all unanswered requests' bodies together. */
const BUDGET_BYTES = 6 * BODY_LIMIT;
const BLOCK_BYTES = 64 * 1024;

/**
 * Reads and parses the body of an exchange, unless its text shows that it is nested too deep or holds too much. Its
 * bytes count until the exchange is over: what was parsed of them lives as long. `isTypeOptional` is the protocol's:
 * see `Codec`.
 * @throws ProxyError 400, 408, 413, 415; `overloaded` when all bodies together hold too much.
 */
export type ReadJson = (exchange: Pick<Exchange, "request" | "closed">, isTypeOptional?: boolean) => Promise<unknown>;

/**
 * True for a body without a type, or with the one that curl gives it, unless a browser has sent it: a page's requests
 * have one of these headers.
 */
function isUntyped(type: string, headers: IncomingHttpHeaders): boolean {
  const isPages = headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
  return !isPages && (type === "" || type === "application/x-www-form-urlencoded");
}

function checkHeaders({ headers }: IncomingMessage, isTypeOptional: boolean): void {
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  // A page may POST text/plain anywhere without asking first; JSON makes its browser ask.
  if (type !== "application/json" && !(isTypeOptional && isUntyped(type, headers))) {
    throw new ProxyError("unsupported_media_type", "Cannot read body: the content-type must be application/json");
  }
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity")
    throw new ProxyError("unsupported_media_type", `Cannot read body: content-encoding ${encoding.slice(0, 40)}`);
}

/** The refusal of a body, if any; thrown once the body has been read to its end. */
function toRefusal(size: number, hasRoom: boolean): ProxyError | undefined {
  if (size > BODY_LIMIT) return new ProxyError("too_large", `Cannot read body: larger than ${BODY_LIMIT} bytes`);
  return hasRoom ? undefined : toFullError("body");
}

/**
 * Bytes in blocks of one size: held chunk by chunk, a body sent byte by byte would weigh a hundred times its length.
 */
interface Blocks {
  add(chunk: Buffer): void;
  clear(): void;
  /** All bytes, in order. */
  read(): readonly Buffer[];
}

function createBlocks(): Blocks {
  let blocks: Buffer[] = [];
  /** The rest of the last block. */
  let free = Buffer.alloc(0);
  return {
    add(chunk) {
      for (let rest = chunk; rest.length > 0;) {
        if (free.length === 0) {
          free = Buffer.allocUnsafe(BLOCK_BYTES);
          blocks.push(free);
        }
        const taken = rest.copy(free);
        free = free.subarray(taken);
        rest = rest.subarray(taken);
      }
    },
    clear() {
      blocks = [];
      free = Buffer.alloc(0);
    },
    read: () =>
      blocks.map((block, at) => (at < blocks.length - 1 ? block : block.subarray(0, -free.length || undefined))),
  };
}

/** Blocks of UTF-8 as a text; a character may lie in two of them. */
async function decode(blocks: readonly Buffer[]): Promise<string> {
  const decoder = new StringDecoder("utf8");
  const parts: string[] = [];
  await inSlices(blocks, (block) => void parts.push(decoder.write(block)));
  // Not `+=`: each unit that is looked at of such a text costs more, here and in JSON.parse.
  return `${parts.join("")}${decoder.end()}`;
}

/** The value that is read, if in time. @throws ProxyError `slow_request`; the answer to it ends the reading. */
async function inTime<Read>(reading: Promise<Read>, limitMs: number): Promise<Read> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const words = `Cannot read body: it did not arrive within ${limitMs / 1000} seconds`;
    timer = setTimeout(() => reject(new ProxyError("slow_request", words)), limitMs);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the reader of all bodies of one server. */
export function createBodyReader(budgetBytes = BUDGET_BYTES, limitMs = BODY_MS): ReadJson {
  const budget = createBudget(budgetBytes);

  async function readBlocks({ request, closed }: Parameters<ReadJson>[0]): Promise<readonly Buffer[]> {
    const blocks = createBlocks();
    const share = budget.open(closed);
    let size = 0;
    let hasRoom = true;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      const isLarge = size > BODY_LIMIT;
      hasRoom &&= share.hold(isLarge ? 0 : size);
      if (hasRoom && !isLarge) blocks.add(chunk);
      else blocks.clear();
      if (size > DISCARD_LIMIT) break;
    }
    const refusal = toRefusal(size, hasRoom);
    if (refusal) throw refusal;
    return blocks.read();
  }

  return async (exchange, isTypeOptional = false) => {
    checkHeaders(exchange.request, isTypeOptional);
    const text = await decode(await inTime(readBlocks(exchange), limitMs));
    await finishInSlices(checkBodyText(text));
    try {
      return JSON.parse(text);
    } catch {
      throw new ProxyError("invalid_request", "Cannot read body: not JSON", { param: "body" });
    }
  };
}
