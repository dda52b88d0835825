/** Tokens of a turn, added up over its API calls. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createUsageMeter, toInputUsage } from "../../../src/cli/answer/usage.ts";
import type { WireUsage } from "../../../src/cli/protocol/usage.ts";
import { NO_USAGE } from "../../../src/core/event.ts";

const NOTHING: WireUsage = {
  input: undefined,
  cacheCreation: undefined,
  cacheRead: undefined,
  output: undefined,
};
const START: WireUsage = { input: 3, cacheCreation: 5, cacheRead: 7, output: 1 };
const wire = (usage: Partial<WireUsage>): WireUsage => ({ ...NOTHING, ...usage });

test("a meter begins at zero", () => {
  assert.deepEqual(createUsageMeter().total, NO_USAGE);
});

test("what the end says replaces what the start said, and the rest stands", () => {
  const meter = createUsageMeter();
  meter.start(START);
  meter.end(wire({ output: 90 }));
  assert.deepEqual(meter.total, { input: 3, cacheCreation: 5, cacheRead: 7, output: 90 });
});

test("a zero that was said is a count like any other", () => {
  const meter = createUsageMeter();
  meter.start(START);
  meter.end(wire({ input: 0, output: 0 }));
  assert.deepEqual(meter.total, { input: 0, cacheCreation: 5, cacheRead: 7, output: 0 });
});

test("API calls add up", () => {
  const meter = createUsageMeter();
  for (const output of [10, 20, 30]) {
    meter.start(START);
    meter.end(wire({ output }));
  }
  assert.deepEqual(meter.total, { input: 9, cacheCreation: 15, cacheRead: 21, output: 60 });
});

test("what the API tells of thinking, cache writes, tier and speed is kept, and added where it is a count", () => {
  const meter = createUsageMeter();
  const cacheWrites = { fiveMinutes: 1, oneHour: 2 };
  meter.start({ ...START, cacheWrites, serviceTier: "standard", speed: "fast" });
  meter.end(wire({ output: 9, thinking: 4 }));
  meter.start({ ...START, cacheWrites, serviceTier: "priority" });
  meter.end(wire({ output: 9, thinking: 5 }));
  assert.deepEqual(meter.total, {
    ...{ input: 6, cacheCreation: 10, cacheRead: 14, output: 18, thinking: 9 },
    ...{ cacheWrites: { fiveMinutes: 2, oneHour: 4 }, serviceTier: "priority", speed: "fast" },
  });
});

test("the input that a call begins with is known once any of it was counted", () => {
  assert.deepEqual(toInputUsage(START), { input: 3, cacheCreation: 5, cacheRead: 7 });
  assert.deepEqual(toInputUsage(wire({ cacheRead: 7 })), { input: 0, cacheCreation: 0, cacheRead: 7 });
  for (const unknown of [NOTHING, wire({ input: 0, output: 1 })]) assert.equal(toInputUsage(unknown), undefined);
});

test("an API call that never ended counts for nothing", () => {
  const meter = createUsageMeter();
  meter.start(wire({ input: 1000, output: 1000 }));
  meter.start(START);
  meter.end(wire({ output: 9 }));
  assert.deepEqual(meter.total, { input: 3, cacheCreation: 5, cacheRead: 7, output: 9 });
});

test("an API call that never began counts as its end says", () => {
  const meter = createUsageMeter();
  meter.end(wire({ output: 9 }));
  assert.deepEqual(meter.total, { ...NO_USAGE, output: 9 });
});

test("an estimate adds the running call, with a token for every 4 characters, rounded up", () => {
  const meter = createUsageMeter();
  meter.start(START);
  meter.end(wire({ output: 9 }));
  meter.start(START);
  assert.deepEqual(meter.estimate(41), { input: 6, cacheCreation: 10, cacheRead: 14, output: 20 });
});

test("an estimate is never below what the API has counted, and does not move the total", () => {
  const meter = createUsageMeter();
  meter.start(wire({ output: 50 }));
  assert.equal(meter.estimate(5).output, 50);
  assert.deepEqual(meter.total, NO_USAGE);
});
