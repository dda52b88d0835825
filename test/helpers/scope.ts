/** How long something started for tests lives: a test's own context, or `{ after }` of `node:test` for a whole file. */
export interface Scope {
  after(end: () => void | Promise<void>): void;
}
