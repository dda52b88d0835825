import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { test } from "node:test";
import { withinSilence } from "../../src/lib/timeout.ts";

const silent = new Error("silent");
const left = new Error("left");
const startedAt = performance.now();

async function untilAbort(signal: AbortSignal): Promise<never> {
  await once(signal, "abort");
  throw signal.reason;
}

function toOptions(signal: AbortSignal, limitMs = 10_000): Parameters<typeof withinSilence>[0] {
  return { signal, limitMs, lastAt: () => startedAt, toError: () => silent };
}

test("a signal that has aborted before ends the wait before it begins", async () => {
  let isAsked = false;
  const wait = (signal: AbortSignal): Promise<never> => {
    isAsked = true;
    return untilAbort(signal);
  };
  await assert.rejects(withinSilence(toOptions(AbortSignal.abort(left)), wait), left);
  assert.equal(isAsked, false);
});

test("a signal that aborts later ends it with its reason, and is let go of", async () => {
  const leaving = new AbortController();
  const waiting = withinSilence(toOptions(leaving.signal), untilAbort);
  leaving.abort(left);
  await assert.rejects(waiting, left);
  assert.deepEqual(getEventListeners(leaving.signal, "abort"), []);
});

test("silence ends it with the error that is made for it", async () => {
  await assert.rejects(withinSilence(toOptions(new AbortController().signal, 20), untilAbort), silent);
});

test("while something happens, it goes on", async () => {
  const { signal } = new AbortController();
  let looks = 0;
  const lastAt = (): number => (looks++ < 3 ? performance.now() : startedAt);
  await assert.rejects(withinSilence({ ...toOptions(signal, 20), lastAt }, untilAbort), silent);
  assert.equal(looks, 4);
});
