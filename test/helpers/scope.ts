/**
 * How long something started for tests lives: a test's own context, `{ after }` of `node:test` for a whole file, or one
 * made here.
 */
export interface Scope {
  after(end: () => void | Promise<void>): void;
}

/** A scope for programs that are no tests; `end` runs what was asked for, the last first. */
export function createScope(): Scope & { end(): Promise<void> } {
  const ends: (() => void | Promise<void>)[] = [];
  return {
    after: (end) => void ends.push(end),
    async end() {
      for (let end = ends.pop(); end; end = ends.pop()) await end();
    },
  };
}
