/** Stored responses, for clients that ask for one again or go on from it: in memory, as JSON bytes, bounded by count, bytes and age. */
import type { Earlier } from "../codec/codec.ts";
import { createLru } from "../lib/lru.ts";

export interface StoredResponse extends Earlier {
  /** The whole answer, as its client was given it. */
  readonly reply: unknown;
}

export interface StoredResponses {
  /** Stores a response; the ones unused for longest make room. One that is larger than the limit by itself is not stored. */
  put(id: string, response: StoredResponse): void;
  /** A copy of the response, which becomes the one used last; undefined when there is none. */
  get(id: string): StoredResponse | undefined;
  /** Forgets the response. False when there was none. */
  delete(id: string): boolean;
}

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

/** Makes an empty store. */
export function createStoredResponses({ max, limitBytes, idleMs }: StoredOptions = USUAL): StoredResponses {
  // Bytes, not objects: parsed JSON takes up to twenty times its text, which no count of characters bounds.
  const responses = createLru<string, Buffer>({
    max,
    idleMs,
    maxWeight: limitBytes,
    weigh: (bytes) => bytes.length,
    dispose: () => undefined,
  });
  return {
    put: (id, response) => responses.put(id, Buffer.from(JSON.stringify(response))),
    get(id) {
      const bytes = responses.take(id);
      if (!bytes) return undefined;
      responses.put(id, bytes);
      return JSON.parse(bytes.toString()) as StoredResponse;
    },
    delete: (id) => responses.take(id) !== undefined,
  };
}
