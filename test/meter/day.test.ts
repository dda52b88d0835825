import assert from "node:assert/strict";
import { test } from "node:test";
import { addDay, decodeMonth, encodeMonth, toDate } from "../../src/meter/day.ts";
import type { Day } from "../../src/meter/day.ts";
import { createMeter } from "../../src/meter/meter.ts";
import { createHandTime, NOON, playTurn } from "./sample.ts";

function makeDays(): Day[] {
  const time = createHandTime();
  const meter = createMeter(time);
  playTurn(meter, time, { model: "claude-opus-5-5", start: "cold" });
  playTurn(meter, time, { error: "rate_limited" });
  time.pass(86_400_000);
  playTurn(meter, time, { client: '__proto__ "quoted"', protocol: "messages" });
  return meter.takeDays();
}

test("a day is this machine's, not the world's", () => {
  assert.equal(toDate(NOON), "2026-11-15");
  assert.equal(toDate(new Date(2026, 0, 1, 0, 0, 0).getTime()), "2026-01-01");
  assert.equal(toDate(new Date(2026, 0, 1, 23, 59, 59).getTime()), "2026-01-01");
});

test("a month is read back as it was written, in order", () => {
  const days = makeDays();
  const text = encodeMonth(days.toReversed());
  assert.deepEqual(decodeMonth(text), days);
  assert.ok(text.length < 3000, String(text.length));
});

test("the same day twice is one day with the sums of both", () => {
  const [day, other] = [makeDays()[0], makeDays()[0]];
  assert.ok(day && other);
  addDay(day, other);
  assert.equal(day.requests, 4);
  assert.deepEqual(day.errors, { rate_limited: 2 });
  assert.equal(day.starts.cold, 2);
  assert.equal(day.models.find(({ name }) => name === "claude-opus-5-5")?.tokens.output, 100);
  assert.equal(
    day.duration.counts.reduce((sum, count) => sum + count),
    4,
  );
});

test("whatever is not a month is told from one, cut at every byte too", () => {
  const whole = encodeMonth(makeDays());
  for (let length = 0; length < whole.trimEnd().length; length++)
    assert.equal(decodeMonth(whole.slice(0, length)), undefined);
  for (const [from, to] of [
    ['"requests":2', '"requests":"2"'],
    ['"requests":2', '"requests":-2'],
    ['"requests":2', '"requests":1e999'],
    ['"date":"2026-11-15"', '"date":"yesterday"'],
    ['"tokens":{', '"tokens":[],"spare":{'],
    ['"models":[', '"models":[7,'],
    ['"counts":[', '"counts":[null,'],
    ['"days":[', '"days":[[],'],
    ['"name":"curl"', '"name":""'],
  ] as const) {
    assert.ok(whole.includes(from), from);
    assert.equal(decodeMonth(whole.replace(from, to)), undefined, to);
  }
});

test("what other releases wrote differently costs only that part", () => {
  const [day] = makeDays();
  assert.ok(day);
  const changed = encodeMonth([day])
    .replace('"errors":{', '"errors":{"some_new_kind":3,')
    .replace('"starts":{', '"starts":{"telepathic":3,')
    .replace('"duration":{"counts":[', '"duration":{"counts":[1,');
  const [read] = decodeMonth(changed) ?? [];
  assert.deepEqual(read?.errors, day.errors);
  assert.deepEqual(read?.starts, day.starts);
  assert.equal(read?.duration.sum, 0);
  assert.deepEqual(read?.first_delta, day.first_delta);
});
