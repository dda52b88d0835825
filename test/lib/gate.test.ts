/** The gate: so many inside, the others in line, and everyone who leaves lets one in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, GateFullError } from "../../src/lib/gate.ts";

/** Lets everything that is ready run, without waiting for time to pass. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("as many as there are places enter at once, and the others wait", async () => {
  const gate = createGate(2);
  await gate.enter();
  await gate.enter();
  let hasEntered = false;
  void gate.enter().then(() => (hasEntered = true));
  await settled();
  assert.equal(hasEntered, false);
  assert.deepEqual([gate.inside, gate.waiting], [2, 1]);
});

test("waiters are let in first come first served, one for each who leaves", async () => {
  const gate = createGate(1);
  let leave = await gate.enter();
  const order: number[] = [];
  const entering = [0, 1, 2, 3].map((name) =>
    gate.enter().then((next) => {
      order.push(name);
      return next;
    }),
  );
  for (const entered of entering) {
    leave();
    leave = await entered;
    assert.equal(gate.inside, 1);
  }
  assert.deepEqual(order, [0, 1, 2, 3]);
});

test("a newcomer does not overtake those in line", async () => {
  const gate = createGate(1);
  const leave = await gate.enter();
  const order: string[] = [];
  const first = gate.enter().then((leaveToo) => {
    order.push("waiter");
    leaveToo();
  });
  leave();
  const second = gate.enter().then(() => order.push("newcomer"));
  await Promise.all([first, second]);
  assert.deepEqual(order, ["waiter", "newcomer"]);
});

test("leaving twice frees one place only", async () => {
  const gate = createGate(1);
  const leave = await gate.enter();
  const first = gate.enter();
  void gate.enter();
  leave();
  leave();
  await first;
  await settled();
  assert.deepEqual([gate.inside, gate.waiting], [1, 1]);
});

test("a waiter whose signal aborts leaves the line with the signal's reason, and the next one moves up", async () => {
  const gate = createGate(1);
  const leave = await gate.enter();
  const controller = new AbortController();
  const reason = new Error("left");
  const aborted = gate.enter(controller.signal);
  const next = gate.enter();
  controller.abort(reason);
  await assert.rejects(aborted, reason);
  assert.equal(gate.waiting, 1);
  leave();
  await next;
  assert.deepEqual([gate.inside, gate.waiting], [1, 0]);
});

test("a place is not lost when its signal aborts after the entry", async () => {
  const gate = createGate(1);
  const controller = new AbortController();
  const leave = await gate.enter();
  const entered = gate.enter(controller.signal);
  leave();
  controller.abort(new Error("late"));
  (await entered)();
  assert.deepEqual([gate.inside, gate.waiting], [0, 0]);
});

test("a signal that has aborted before lets no one in, even where there is room", async () => {
  const gate = createGate(1);
  const reason = new Error("left");
  await assert.rejects(gate.enter(AbortSignal.abort(reason)), reason);
  assert.deepEqual([gate.inside, gate.waiting], [0, 0]);
});

test("a line that is full turns the next one away and keeps the others", async () => {
  const gate = createGate(1, 2);
  const leave = await gate.enter();
  const first = gate.enter();
  const second = gate.enter();
  await assert.rejects(gate.enter(), GateFullError);
  leave();
  (await first)();
  (await second)();
  assert.deepEqual([gate.inside, gate.waiting], [0, 0]);
});

test("an abort makes room in a full line", async () => {
  const gate = createGate(1, 1);
  await gate.enter();
  const controller = new AbortController();
  const aborted = gate.enter(controller.signal);
  controller.abort(new Error("left"));
  await assert.rejects(aborted);
  void gate.enter();
  assert.equal(gate.waiting, 1);
});

test("without a line there is entry or refusal", async () => {
  const gate = createGate(1, 0);
  const leave = await gate.enter();
  await assert.rejects(gate.enter(), GateFullError);
  leave();
  assert.equal(typeof (await gate.enter()), "function");
});
