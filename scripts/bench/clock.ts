/** One measured answer: what it said, and when its first and last piece came. */

export interface Answer {
  readonly text: string;
  /** The call it ended in; empty when it made none. */
  readonly callId: string;
  /** From sending to the first piece of text, in milliseconds. */
  readonly firstMs: number;
  /** From sending to the end of the answer, in milliseconds. */
  readonly wholeMs: number;
}

export interface Clock {
  add(text: string): void;
  /** The answer calls a tool. */
  call(id: string): void;
  /** Stops the clock. @throws Error when no text came. */
  end(): Answer;
}

/** Starts at once: call it right before sending. */
export function startClock(): Clock {
  const startedAt = performance.now();
  let firstMs: number | undefined;
  let text = "";
  let callId = "";
  return {
    add(piece) {
      if (piece === "") return;
      firstMs ??= performance.now() - startedAt;
      text += piece;
    },
    call(id) {
      callId = id;
    },
    end() {
      if (firstMs === undefined) throw new Error("An answer had no text");
      return { text, callId, firstMs, wholeMs: performance.now() - startedAt };
    },
  };
}
