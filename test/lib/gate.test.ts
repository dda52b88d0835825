/** The gate: so many inside, the others in line, and everyone who leaves lets one in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, GateFullError } from "../../src/lib/gate.ts";
import type { Gate } from "../../src/lib/gate.ts";

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

/** Enters for a party and takes down when it is let in, or why not. */
function enterFor(gate: Gate, party: string, order: string[]): Promise<() => void> {
  const entering = gate.enter(undefined, party);
  entering.then(
    () => order.push(party),
    (error: unknown) => order.push(`${party} refused: ${error instanceof GateFullError}`),
  );
  entering.catch(() => undefined);
  return entering;
}

test("a party that came late does not wait for all the waiters of another", async () => {
  const gate = createGate(2);
  const order: string[] = [];
  const first = await enterFor(gate, "a", order);
  const second = await enterFor(gate, "a", order);
  const waiting = ["a", "a", "a", "b"].map((party) => enterFor(gate, party, order));
  first();
  await settled();
  assert.deepEqual(order, ["a", "a", "b"]);
  second();
  await settled();
  assert.deepEqual(order, ["a", "a", "b", "a"]);
  assert.equal(gate.waiting, 2);
  (await waiting[3])?.();
  await settled();
  assert.deepEqual(order, ["a", "a", "b", "a", "a"]);
});

test("parties with as many inside take turns, each in its own order", async () => {
  const gate = createGate(1);
  const order: string[] = [];
  let leave = await gate.enter(undefined, "x");
  const entering = ["a", "a", "b", "b", "c"].map((party) => enterFor(gate, party, order));
  for (const at of [0, 2, 4, 1, 3]) {
    leave();
    leave = (await entering[at]) ?? leave;
  }
  assert.deepEqual(order, ["a", "b", "c", "a", "b"]);
});

test("when the lines are full, the youngest waiter of the longest one gives way to a party with less", async () => {
  const gate = createGate(1, 3);
  const order: string[] = [];
  const leave = await gate.enter(undefined, "a");
  const ours = ["a", "a", "a"].map(() => enterFor(gate, "a", order));
  const other = enterFor(gate, "b", order);
  await settled();
  assert.deepEqual(order, ["a refused: true"]);
  assert.equal(gate.waiting, 3);
  await assert.rejects(enterFor(gate, "a", order), GateFullError);
  const second = enterFor(gate, "b", order);
  await assert.rejects(second, GateFullError, "two and two would be no fairer than two and one");
  leave();
  for (const entered of [other, ours[0], ours[1]]) (await entered)?.();
  assert.deepEqual([gate.inside, gate.waiting], [0, 0]);
});

test("of several lines that are longer than a newcomer's, the longest one gives way, wherever it stands", async () => {
  for (const parties of [
    ["a", "a", "b", "b", "b"],
    ["b", "b", "b", "a", "a"],
  ]) {
    const gate = createGate(1, 5);
    const order: string[] = [];
    await gate.enter(undefined, "x");
    for (const party of [...parties, "c"]) void enterFor(gate, party, order).catch(() => undefined);
    await settled();
    assert.deepEqual(order, ["b refused: true"]);
  }
});

test("a waiter that aborts leaves nothing of its party behind", async () => {
  const gate = createGate(1, 2);
  const leave = await gate.enter(undefined, "a");
  for (let at = 0; at < 100; at++) {
    const controller = new AbortController();
    const aborted = gate.enter(controller.signal, `party ${at}`);
    controller.abort(new Error("left"));
    await assert.rejects(aborted);
  }
  const next = gate.enter(undefined, "b");
  leave();
  (await next)();
  assert.deepEqual([gate.inside, gate.waiting], [0, 0]);
});

test("a gate tells when its first visitor has entered and its last has left, and nothing in between", async () => {
  const told: boolean[] = [];
  const gate = createGate(1, 8, (isBusy) => told.push(isBusy));
  const leave = await gate.enter();
  assert.deepEqual(told, [true]);
  const next = gate.enter();
  leave();
  (await next)();
  assert.deepEqual(told, [true, false]);
  (await gate.enter())();
  assert.deepEqual(told, [true, false, true, false]);
});
