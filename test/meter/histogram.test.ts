import assert from "node:assert/strict";
import { test } from "node:test";
import { addHistogram, createHistogram, observe, toCount, toQuantile } from "../../src/meter/histogram.ts";

const BOUNDS = [1, 2, 4];

test("a duration is counted at its bound and not above", () => {
  const histogram = createHistogram(BOUNDS);
  for (const seconds of [0, 1, 1.5, 4, 4.5, 100]) observe(histogram, BOUNDS, seconds);
  assert.deepEqual(histogram, { counts: [2, 1, 1, 2], sum: 111 });
  assert.equal(toCount(histogram), 6);
});

test("a quantile is linear within its bucket and ends at the last bound", () => {
  const histogram = createHistogram(BOUNDS);
  assert.equal(toQuantile(histogram, BOUNDS, 0.5), undefined);
  for (let count = 0; count < 10; count++) observe(histogram, BOUNDS, 1.5);
  assert.equal(toQuantile(histogram, BOUNDS, 0.5), 1.5);
  assert.equal(toQuantile(histogram, BOUNDS, 1), 2);
  observe(histogram, BOUNDS, 1000);
  assert.equal(toQuantile(histogram, BOUNDS, 1), 4);
});

test("histograms add up", () => {
  const one = createHistogram(BOUNDS);
  const other = createHistogram(BOUNDS);
  observe(one, BOUNDS, 1);
  observe(other, BOUNDS, 3);
  addHistogram(one, other);
  assert.deepEqual(one, { counts: [1, 0, 1, 0], sum: 4 });
});
