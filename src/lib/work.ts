/** Computations in steps: whoever does one decides whether the event loop goes round between two of them. */

/** A computation that may pause wherever it yields, and returns its result. */
export type Work<T> = Generator<undefined, T, undefined>;

/** Does a work without a pause. @throws what it throws. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Acts on each part in turn, and may pause after each. @throws what `act` throws. */
export function* actOnEach<Part>(parts: Iterable<Part>, act: (part: Part) => void): Work<void> {
  for (const part of parts) {
    act(part);
    yield;
  }
}
