import assert from "node:assert/strict";
import { test } from "node:test";
import { toPath, toTicks } from "../../src/page/scale.ts";

test("an axis has at most five round numbers, and reaches its most", () => {
  assert.deepEqual(toTicks(0), [0, 1]);
  assert.deepEqual(toTicks(4), [0, 1, 2, 3, 4]);
  assert.deepEqual(toTicks(5), [0, 2, 4, 6]);
  for (let most = 0.003; most < 1e10; most *= 1.7) {
    const ticks = toTicks(most);
    assert.ok(ticks.length >= 3 && ticks.length <= 5, `${most}: ${ticks.join(" ")}`);
    assert.ok((ticks.at(-1) ?? 0) >= most, `${most}: ${ticks.join(" ")}`);
  }
});

test("a line breaks where a point is missing", () => {
  assert.equal(toPath([[0, 1], [2, 3], undefined, [4, 5], [6, 7]]), "M0.0 1.0L2.0 3.0M4.0 5.0L6.0 7.0");
  assert.equal(toPath([undefined]), "");
});
