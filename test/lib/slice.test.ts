/** Long work in slices: nothing lost, in order, and the event loop goes round meanwhile. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createLine, finishInSlices, inSlices, joinSmall, toSlices } from "../../src/lib/slice.ts";
import { finish } from "../../src/lib/work.ts";
import type { Work } from "../../src/lib/work.ts";

const SLICE = 256 * 1024;

/** Works for some milliseconds, as hashing or spelling does. */
function work(ms: number): void {
  const startedAt = performance.now();
  while (performance.now() < startedAt + ms);
}

test("slices join to the text, and none ends within a character", () => {
  for (const text of [
    "",
    "a",
    "a".repeat(SLICE),
    `${"a".repeat(SLICE - 1)}😀${"b".repeat(SLICE)}`,
    "😀".repeat(SLICE),
  ]) {
    const slices = [...toSlices(text)];
    assert.equal(slices.join(""), text);
    for (const slice of slices) assert.ok(slice.length <= SLICE && !/\p{Surrogate}/u.test(slice));
  }
});

test("small parts are joined, and no text is lost", () => {
  const parts = Array.from({ length: 100_000 }, (_, at) => `part ${at};`);
  const joined = [...joinSmall(parts)];
  assert.equal(joined.join(""), parts.join(""));
  assert.ok(joined.length < 30);
  assert.deepEqual([...joinSmall([])], []);
});

test("the event loop goes round during long work", async () => {
  let rounds = 0;
  const timer = setInterval(() => rounds++, 1);
  const done: number[] = [];
  await inSlices([1, 2, 3, 4, 5, 6, 7, 8], (part) => {
    work(15);
    done.push(part);
  });
  clearInterval(timer);
  assert.deepEqual(done, [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.ok(rounds >= 4, `${rounds} rounds`);
});

test("a work gives its result with and without pauses, and what it throws is thrown", async () => {
  function* sum(numbers: readonly number[]): Work<number> {
    let total = 0;
    for (const number of numbers) {
      if (number < 0) throw new Error("below zero");
      total += number;
      yield;
    }
    return total;
  }
  assert.equal(finish(sum([1, 2, 3])), 6);
  assert.equal(await finishInSlices(sum([1, 2, 3])), 6);
  assert.throws(() => finish(sum([1, -1])), /below zero/);
  await assert.rejects(finishInSlices(sum([1, -1])), /below zero/);
});

test("what the act throws ends the work", async () => {
  const act = (part: number): void => {
    if (part === 2) throw new Error("two");
  };
  await assert.rejects(inSlices([1, 2, 3], act), /two/);
});

test("a line does short work at once, and what comes during long work after it", async () => {
  const done: string[] = [];
  const line = createLine((part: string) => {
    if (part.startsWith("long")) work(15);
    done.push(part);
  });
  line.add(["short"]);
  assert.deepEqual(done, ["short"]);
  line.add(["long 1", "long 2", "long 3"]);
  line.add(["after"]);
  assert.deepEqual(done, ["short", "long 1"]);
  const target = new EventTarget();
  const over = once(target, "over");
  const watch = (): void => void (done.length < 5 ? setImmediate(watch) : target.dispatchEvent(new Event("over")));
  watch();
  await over;
  assert.deepEqual(done, ["short", "long 1", "long 2", "long 3", "after"]);
});
