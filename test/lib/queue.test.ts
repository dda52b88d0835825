/** The queue between a process and its reader: order, weight, back-pressure, and how it ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createQueue } from "../../src/lib/queue.ts";

const never = new AbortController().signal;

/** A queue of weight 10, and what it told its source. */
function createWatched() {
  const told: string[] = [];
  const queue = createQueue<string>({
    highWater: 10,
    onFull: () => told.push("full"),
    onDrained: () => told.push("drained"),
  });
  return { queue, told };
}

test("what was pushed is taken all at once and in order", async () => {
  const { queue } = createWatched();
  for (const item of ["a", "b", "c"]) queue.push(item, 1);
  assert.equal(queue.weight, 3);
  assert.deepEqual(await queue.take(never), ["a", "b", "c"]);
  assert.equal(queue.weight, 0);
});

test("a take that waits is given what comes next", async () => {
  const { queue } = createWatched();
  const taken = queue.take(never);
  queue.push("a", 1);
  queue.push("b", 1);
  assert.deepEqual(await taken, ["a", "b"]);
});

test("the source is told once when the weight rises above the mark, and once when all is taken", async () => {
  const { queue, told } = createWatched();
  queue.push("a", 10);
  assert.deepEqual(told, [], "the mark itself is not above it");
  queue.push("b", 1);
  queue.push("c", 50);
  assert.deepEqual(told, ["full"]);
  assert.deepEqual(await queue.take(never), ["a", "b", "c"]);
  assert.deepEqual(told, ["full", "drained"]);
});

test("a queue that fills up again tells its source again", async () => {
  const { queue, told } = createWatched();
  for (let round = 0; round < 3; round++) {
    queue.push("x", 11);
    await queue.take(never);
  }
  assert.deepEqual(told, ["full", "drained", "full", "drained", "full", "drained"]);
});

test("a queue that was never full tells nothing", async () => {
  const { queue, told } = createWatched();
  queue.push("x", 3);
  await queue.take(never);
  assert.deepEqual(told, []);
});

test("after a failure what was pushed before is given first, then every take rejects", async () => {
  const { queue } = createWatched();
  const error = new Error("gone");
  queue.push("a", 1);
  queue.fail(error);
  queue.push("late", 1);
  assert.deepEqual(await queue.take(never), ["a"]);
  await assert.rejects(queue.take(never), error);
  await assert.rejects(queue.take(never), error);
});

test("a full queue that fails is drained all the same", async () => {
  const { queue, told } = createWatched();
  queue.push("a", 11);
  queue.fail(new Error("gone"));
  assert.deepEqual(await queue.take(never), ["a"]);
  assert.deepEqual(told, ["full", "drained"]);
});

test("a failure wakes the take that waits", async () => {
  const { queue } = createWatched();
  const error = new Error("gone");
  const taken = queue.take(never);
  queue.fail(error);
  await assert.rejects(taken, error);
});

test("the first failure is the one that is told", async () => {
  const { queue } = createWatched();
  const first = new Error("first");
  queue.fail(first);
  queue.fail(new Error("second"));
  await assert.rejects(queue.take(never), first);
});

test("an abort ends a waiting take with the signal's reason, and loses nothing that comes later", async () => {
  const { queue } = createWatched();
  const controller = new AbortController();
  const reason = new Error("left");
  const taken = queue.take(controller.signal);
  controller.abort(reason);
  await assert.rejects(taken, reason);
  queue.push("a", 1);
  assert.deepEqual(await queue.take(never), ["a"]);
});

test("a take with an aborted signal rejects and leaves the items in place", async () => {
  const { queue } = createWatched();
  const reason = new Error("left");
  queue.push("a", 1);
  await assert.rejects(queue.take(AbortSignal.abort(reason)), reason);
  assert.deepEqual(await queue.take(never), ["a"]);
});

test("an abort after a take was served does not disturb the next one", async () => {
  const { queue } = createWatched();
  const controller = new AbortController();
  const first = queue.take(controller.signal);
  queue.push("a", 1);
  assert.deepEqual(await first, ["a"]);
  const second = queue.take(never);
  controller.abort(new Error("late"));
  queue.push("b", 1);
  assert.deepEqual(await second, ["b"]);
});

test("a producer and a taker at their own pace lose and reorder nothing", async () => {
  const { queue } = createWatched();
  const seen: string[] = [];
  const sent = Array.from({ length: 500 }, (_, at) => String(at));
  const taking = (async () => {
    while (seen.length < sent.length) seen.push(...(await queue.take(never)));
  })();
  for (const [at, item] of sent.entries()) {
    queue.push(item, 1);
    if (at % 7 === 0) await Promise.resolve();
  }
  await taking;
  assert.deepEqual(seen, sent);
});
