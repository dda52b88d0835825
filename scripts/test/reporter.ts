/** A reporter for `node --test-reporter`: tells the runner, over the IPC channel, of each test that has ended. */
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";
import { toSource } from "./origin.ts";

/** One test that has ended. */
export interface Ended {
  /** Path of its file, from the root. */
  readonly file: string;
  readonly name: string;
  readonly ms: number;
  readonly status: "passed" | "failed" | "skipped";
  /** 0 for a test of the file itself, more for a part of another test. */
  readonly nesting: number;
  /** The error with its difference and stack, or the reason for skipping; empty for a test that passed. */
  readonly why: string;
}

/** `at` counts the tests that are no parts of others, from 0. */
function toEnded({ type, data }: TestEvent, at: number): Ended | undefined {
  if (type !== "test:pass" && type !== "test:fail") return undefined;
  const { name, nesting, skip } = data;
  const ended = { file: toSource(at), name, nesting, ms: data.details.duration_ms };
  if (skip !== undefined && skip !== false) return { ...ended, status: "skipped", why: String(skip) };
  // `node:test` wraps the error of the test in one of its own.
  if (type === "test:fail") return { ...ended, status: "failed", why: inspect(data.details.error.cause, { depth: 5 }) };
  return { ...ended, status: "passed", why: "" };
}

/** Yields one empty text at the end: stdout is left to the tests. */
async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let at = 0;
  for await (const event of events) {
    const ended = toEnded(event, at);
    if (!ended) continue;
    process.send?.(ended);
    // A test is told after its parts.
    if (ended.nesting === 0) at++;
  }
  yield "";
}

export { report as default };
