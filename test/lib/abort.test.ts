import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { untilAborted } from "../../src/lib/abort.ts";

const never = new Promise<never>(() => undefined);
const left = new Error("left");

test("a signal that aborts ends the wait with its reason, and so does one that has aborted before", async () => {
  const leaving = new AbortController();
  const waiting = untilAborted(never, leaving.signal);
  leaving.abort(left);
  await assert.rejects(waiting, left);
  await assert.rejects(untilAborted(never, leaving.signal), left);
  await assert.rejects(untilAborted(Promise.resolve("there"), leaving.signal), left);
});

test("without an abort it settles as its promise does, and leaves no listener", async () => {
  const { signal } = new AbortController();
  assert.equal(await untilAborted(Promise.resolve("there"), signal), "there");
  await assert.rejects(untilAborted(Promise.reject(left), signal), left);
  assert.equal(await untilAborted(Promise.resolve("there"), undefined), "there");
  assert.deepEqual(getEventListeners(signal, "abort"), []);
});

test("a promise that fails after its waiter has left is not an unhandled rejection", async (t) => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  t.after(() => process.off("unhandledRejection", note));
  const leaving = new AbortController();
  let fail = (_error: Error): void => undefined;
  const waiting = untilAborted(new Promise((_, reject) => (fail = reject)), leaving.signal);
  leaving.abort(left);
  await assert.rejects(waiting, left);
  fail(new Error("later"));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(unhandled, []);
});
