/** The bounded map: who goes first, why, and who is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLru } from "../../src/lib/lru.ts";
import type { DisposeReason } from "../../src/lib/lru.ts";

const IDLE_MS = 1000;

/** A map and the list of what it let go of. */
function createWatched(max: number) {
  const gone: [string, DisposeReason][] = [];
  const lru = createLru<string, string>({
    max,
    idleMs: IDLE_MS,
    dispose: (value, reason) => gone.push([value, reason]),
  });
  return { lru, gone };
}

test("the entry put first goes first once there is no room", () => {
  const { lru, gone } = createWatched(2);
  lru.put("a", "A");
  lru.put("b", "B");
  lru.put("c", "C");
  lru.put("d", "D");
  assert.deepEqual(gone, [
    ["A", "evicted"],
    ["B", "evicted"],
  ]);
  assert.equal(lru.size, 2);
  assert.equal(lru.take("c"), "C");
});

test("an entry that was taken and put back is the youngest again", () => {
  const { lru, gone } = createWatched(2);
  lru.put("a", "A");
  lru.put("b", "B");
  lru.put("a", lru.take("a") ?? "lost");
  lru.put("c", "C");
  assert.deepEqual(gone, [["B", "evicted"]]);
  assert.equal(lru.take("a"), "A");
});

test("what is taken is the caller's: it is not disposed of, and is there once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { lru, gone } = createWatched(2);
  lru.put("a", "A");
  assert.equal(lru.take("a"), "A");
  assert.equal(lru.take("a"), undefined);
  t.mock.timers.tick(10 * IDLE_MS);
  lru.clear();
  assert.deepEqual(gone, []);
});

test("a key that is put again lets go of the value before, and of no other", () => {
  const { lru, gone } = createWatched(2);
  lru.put("a", "A");
  lru.put("b", "B");
  lru.put("a", "A2");
  assert.deepEqual(gone, [["A", "replaced"]]);
  assert.deepEqual([lru.take("a"), lru.take("b")], ["A2", "B"]);
});

test("an entry unused for the idle time is let go of, each by its own clock", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { lru, gone } = createWatched(5);
  lru.put("a", "A");
  t.mock.timers.tick(600);
  lru.put("b", "B");
  t.mock.timers.tick(399);
  assert.deepEqual(gone, []);
  t.mock.timers.tick(1);
  assert.deepEqual(gone, [["A", "idle"]]);
  t.mock.timers.tick(600);
  assert.deepEqual(gone, [
    ["A", "idle"],
    ["B", "idle"],
  ]);
  assert.equal(lru.size, 0);
});

test("a replaced value's clock does not end the new one", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { lru, gone } = createWatched(5);
  lru.put("a", "A");
  t.mock.timers.tick(900);
  lru.put("a", "A2");
  t.mock.timers.tick(999);
  assert.deepEqual(gone, [["A", "replaced"]]);
  assert.equal(lru.take("a"), "A2");
});

test("a delete takes the value out only while it is the one under its key", () => {
  const { lru, gone } = createWatched(2);
  lru.put("a", "A");
  lru.delete("a", "another");
  lru.delete("b", "A");
  assert.deepEqual(gone, []);
  lru.delete("a", "A");
  lru.delete("a", "A");
  assert.deepEqual(gone, [["A", "deleted"]]);
  assert.equal(lru.size, 0);
});

test("a map of no room lets go of everything at once", () => {
  const { lru, gone } = createWatched(0);
  lru.put("a", "A");
  lru.put("b", "B");
  assert.equal(lru.size, 0);
  assert.equal(lru.take("a"), undefined);
  assert.deepEqual(gone, [
    ["A", "evicted"],
    ["B", "evicted"],
  ]);
});

test("clearing lets go of all, once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { lru, gone } = createWatched(3);
  lru.put("a", "A");
  lru.put("b", "B");
  lru.clear();
  lru.clear();
  t.mock.timers.tick(10 * IDLE_MS);
  assert.deepEqual(gone, [
    ["A", "cleared"],
    ["B", "cleared"],
  ]);
});

test("keys that are names of object members are ordinary keys", () => {
  const { lru } = createWatched(3);
  assert.equal(lru.take("__proto__"), undefined);
  assert.equal(lru.take("constructor"), undefined);
  lru.put("__proto__", "P");
  assert.equal(lru.take("__proto__"), "P");
});

test("the oldest go first until what is left is light enough; one too heavy by itself goes at once, and no other for it", () => {
  const gone: string[] = [];
  const lru = createLru<string, string>({
    max: 10,
    idleMs: IDLE_MS,
    maxWeight: 10,
    weigh: (value) => value.length,
    dispose: (value) => gone.push(value),
  });
  for (const value of ["aaaa", "bbbb", "cc", "dddd"]) lru.put(value, value);
  assert.deepEqual(gone, ["aaaa"]);
  lru.take("bbbb");
  lru.put("eeee", "eeee");
  assert.deepEqual(gone, ["aaaa"]);
  lru.put("heavy", "x".repeat(11));
  assert.deepEqual(gone.slice(1), ["x".repeat(11)]);
  assert.deepEqual([lru.take("cc"), lru.take("dddd"), lru.take("eeee")], ["cc", "dddd", "eeee"]);
  lru.put("last", "y".repeat(10));
  assert.equal(lru.take("last"), "y".repeat(10));
});
