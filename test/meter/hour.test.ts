import assert from "node:assert/strict";
import { test } from "node:test";
import { createHour } from "../../src/meter/hour.ts";
import { createHandTime, NOON } from "./sample.ts";

test("turns are counted in the minute they end in", () => {
  const time = createHandTime();
  const hour = createHour(time.now);
  hour.add(false, 100);
  hour.add(true, undefined);
  time.pass(60_000);
  hour.add(false, 300);
  assert.deepEqual(hour.minutes(), [
    { at: new Date(NOON).toISOString(), requests: 2, errors: 1, p50_ms: 100, p95_ms: 100 },
    { at: new Date(NOON + 60_000).toISOString(), requests: 1, errors: 0, p50_ms: 300, p95_ms: 300 },
  ]);
  assert.deepEqual(hour.quantiles(), { count: 2, p50_ms: 100, p95_ms: 300 });
});

test("a minute without a delta has no quantile", () => {
  const hour = createHour(createHandTime().now);
  hour.add(true, undefined);
  assert.deepEqual(hour.quantiles(), { count: 0, p50_ms: null, p95_ms: null });
  assert.equal(hour.minutes()[0]?.p50_ms, null);
});

test("what is older than an hour is forgotten, without a new turn too", () => {
  const time = createHandTime();
  const hour = createHour(time.now);
  hour.add(false, 100);
  time.pass(59 * 60_000);
  assert.equal(hour.minutes().length, 1);
  time.pass(60_000);
  assert.equal(hour.minutes().length, 0);
  assert.equal(hour.quantiles().count, 0);
});

test("a busy minute keeps its newest samples and counts all", () => {
  const hour = createHour(createHandTime().now);
  for (let ms = 1; ms <= 1000; ms++) hour.add(false, ms);
  const { count, p50_ms: median } = hour.quantiles();
  assert.equal(count, 1000);
  assert.ok(median !== null && median > 940, String(median));
});

test("a clock that is set back leaves no minutes of the future", () => {
  const time = createHandTime();
  const hour = createHour(time.now);
  hour.add(false, 100);
  time.pass(-600_000);
  hour.add(false, 200);
  assert.deepEqual(
    hour.minutes().map(({ p50_ms: median }) => median),
    [200],
  );
});
