/** Answers that clients may go on from or ask for again: in memory only, bounded by count and size, the longest unused go first. */
import type { Earlier } from "../codec/codec.ts";
import { createLru } from "../lib/lru.ts";

export interface StoredResponse extends Earlier {
  /** The whole answer, as its client was given it. */
  readonly reply: unknown;
}

export interface StoredResponses {
  put(id: string, answer: StoredResponse): void;
  get(id: string): StoredResponse | undefined;
  /** False when there was none. */
  delete(id: string): boolean;
}

export interface StoredOptions {
  readonly max: number;
  /** Most that all together may take, in UTF-16 units of their JSON. */
  readonly limitUnits: number;
  readonly idleMs: number;
}

/** A day, and what some hundred long conversations take. */
const USUAL: StoredOptions = { max: 1000, limitUnits: 128 * 1024 * 1024, idleMs: 24 * 60 * 60 * 1000 };

interface Weighed {
  readonly answer: StoredResponse;
  readonly units: number;
}

/** Makes an empty store. */
export function createStoredResponses({ max, limitUnits, idleMs }: StoredOptions = USUAL): StoredResponses {
  const answers = createLru<string, Weighed>({
    max,
    idleMs,
    maxWeight: limitUnits,
    weigh: ({ units }) => units,
    dispose: () => undefined,
  });
  return {
    put(id, answer) {
      // Measured once: what is kept never changes.
      answers.put(id, { answer, units: JSON.stringify(answer).length });
    },
    get(id) {
      const held = answers.take(id);
      // Put back as the one used last.
      if (held) answers.put(id, held);
      return held?.answer;
    },
    delete: (id) => answers.take(id) !== undefined,
  };
}
