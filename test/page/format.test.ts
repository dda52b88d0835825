import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatCount,
  formatDay,
  formatMoment,
  formatMs,
  formatPercent,
  formatSpan,
  formatWindow,
  toWindowMs,
} from "../../src/page/format.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test("counts have one digit after the point, and never four before", () => {
  for (const [count, words] of [
    [0, "0"],
    [999, "999"],
    [1000, "1.0 k"],
    [12_440, "12.4 k"],
    [99_949, "99.9 k"],
    [99_950, "100 k"],
    [999_499, "999 k"],
    [999_500, "1.0 M"],
    [3_100_000, "3.1 M"],
    [2_500_000_000, "2.5 G"],
  ] as const)
    assert.equal(formatCount(count), words);
});

test("measured times change their unit", () => {
  for (const [ms, words] of [
    [null, "–"],
    [0, "0 ms"],
    [999, "999 ms"],
    [1240, "1.2 s"],
    [9960, "10 s"],
    [59_400, "59 s"],
    [59_600, "1 min 0 s"],
    [125_000, "2 min 5 s"],
  ] as const)
    assert.equal(formatMs(ms), words);
});

test("spans have two units at most", () => {
  for (const [ms, words] of [
    [-5, "0 s"],
    [40 * SECOND, "40 s"],
    [12 * MINUTE, "12 min"],
    [2 * HOUR + 14 * MINUTE, "2 h 14 min"],
    [3 * HOUR, "3 h"],
    [3 * DAY + 4 * HOUR, "3 d 4 h"],
    [7 * DAY, "7 d"],
  ] as const)
    assert.equal(formatSpan(ms), words);
});

test("a moment is named by its day, as far as that is short", () => {
  const now = new Date(2026, 10, 24, 15, 0);
  for (const [time, words] of [
    [new Date(2026, 10, 24, 23, 59), "23:59"],
    [new Date(2026, 10, 25, 0, 5), "tomorrow 00:05"],
    [new Date(2026, 10, 26, 9, 0), "Thursday 09:00"],
    [new Date(2026, 11, 1, 9, 0), "1 Dec 09:00"],
    [new Date(2026, 10, 23, 9, 0), "23 Nov 09:00"],
  ] as const)
    assert.equal(formatMoment(time, now), words);
  assert.equal(formatDay("2026-11-04"), "4 Nov");
});

test("a limit is at 100 % only when it is reached", () => {
  assert.equal(formatPercent(0.624), "62 %");
  assert.equal(formatPercent(0.9999), "99 %");
  assert.equal(formatPercent(1), "100 %");
  assert.equal(formatPercent(1.2), "120 %");
});

test("windows have their names, also those that are new", () => {
  assert.equal(formatWindow("five_hour"), "5 hours");
  assert.equal(formatWindow("thirty_day_fable"), "thirty day fable");
  assert.equal(toWindowMs("seven_day_opus"), 7 * DAY);
  assert.equal(toWindowMs("thirty_day_fable"), undefined);
});
