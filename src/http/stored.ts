/**
 * Stored responses, for clients that ask for one again or go on from it: in memory, as JSON bytes, bounded by count,
 * bytes and age.
 */
import type { Store } from "../codec/codec.ts";
import { spellJson } from "../lib/spell.ts";
import { createLru } from "../lib/lru.ts";
import { inSlices, joinSmall } from "../lib/slice.ts";
import { createBudget, toFullError } from "./budget.ts";
import type { Share } from "./budget.ts";
import type { Exchange } from "./exchange.ts";

/** All stored responses. */
export interface StoredResponses extends Pick<Store, "put"> {
  /**
   * The store as one exchange sees it. A response that it reads is parsed once, and its bytes count until the exchange
   * is `closed`: `get` throws ProxyError `overloaded` where those of all exchanges would exceed the limit of the store.
   */
  open(closed: Exchange["closed"]): Store;
}

/** The bounds of the store. */
export interface StoredOptions {
  /** Most responses at once. */
  readonly max: number;
  /** Most bytes of all together: JSON in UTF-8, which is what they take in memory. */
  readonly limitBytes: number;
  /** Milliseconds a response may stay unused. */
  readonly idleMs: number;
}

/** A day, and what some hundred long conversations take. */
const USUAL: StoredOptions = { max: 1000, limitBytes: 128 * 1024 * 1024, idleMs: 24 * 60 * 60 * 1000 };

/** JSON in UTF-8, made in slices of time. */
async function toBytes(value: unknown): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  await inSlices(joinSmall(spellJson(value)), (text) => {
    const part = Buffer.from(text);
    length += part.length;
    parts.push(part);
  });
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  await inSlices(parts, (part) => {
    at += part.copy(bytes, at);
  });
  return bytes;
}

/**
 * Makes an empty store. The responses unused for longest make room for new ones; one that is larger than the limit by
 * itself is not stored.
 */
export function createStoredResponses({ max, limitBytes, idleMs }: StoredOptions = USUAL): StoredResponses {
  // Bytes, not objects: parsed JSON takes up to twenty times its text, which no count of characters bounds.
  const responses = createLru<string, Buffer>({
    max,
    idleMs,
    maxWeight: limitBytes,
    weigh: (bytes) => bytes.length,
    dispose: () => undefined,
  });
  const budget = createBudget(limitBytes);

  async function put(id: string, response: unknown): Promise<void> {
    responses.put(id, await toBytes(response));
  }

  /** The reader of one exchange. */
  function createReader(closed: Exchange["closed"]): Store["get"] {
    // Most requests read nothing of the store.
    let share: Share | undefined;
    // A request may refer to ten thousand items of one response.
    const known = new Map<string, unknown>();
    let size = 0;
    return (id) => {
      if (known.has(id)) return known.get(id);
      const bytes = responses.take(id);
      if (!bytes) return undefined;
      responses.put(id, bytes);
      size += bytes.length;
      share ??= budget.open(closed);
      if (!share.hold(size)) throw toFullError("stored response");
      const response: unknown = JSON.parse(bytes.toString());
      known.set(id, response);
      return response;
    };
  }

  return {
    put,
    open: (closed) => ({ put, get: createReader(closed), delete: (id) => responses.take(id) !== undefined }),
  };
}
