/** What the user keeps of his plan: refused from memory, with the time at which it ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../src/core/error.ts";
import type { PlanReport } from "../../src/core/plan.ts";
import { createReserve } from "../../src/session/reserve.ts";
import type { ReserveOptions } from "../../src/session/reserve.ts";
import { NOON, toReport, toWindow } from "../meter/sample.ts";

function refusalOf(plan: PlanReport | undefined, options: Partial<ReserveOptions>): ProxyError | undefined {
  const check = createReserve({ readPlan: () => plan, percent: 0, extraUsage: "allow", now: () => NOON, ...options });
  try {
    check();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ProxyError);
    return error;
  }
}

test("without a report, or without a reserve, everything is served", () => {
  assert.equal(refusalOf(undefined, { percent: 50, extraUsage: "stop" }), undefined);
  assert.equal(refusalOf(toReport([toWindow("five_hour", 0.99)]), {}), undefined);
});

test("above 100 less the reserve turns are refused until the reset, and at it they are not", () => {
  assert.equal(refusalOf(toReport([toWindow("five_hour", 0.8)]), { percent: 20 }), undefined);
  const error = refusalOf(toReport([toWindow("five_hour", 0.81)]), { percent: 20 });
  assert.equal(error?.kind, "rate_limited");
  assert.equal(error?.retryAfterSeconds, 3600);
  assert.equal(error?.planLimit, "account");
  assert.match(
    error?.message ?? "",
    /reserve reached \(five_hour\): 81 % is used, and --plan-reserve 20 keeps .*resets at/,
  );
});

test("of two windows the one that ends last is named; a single model's window does not count", () => {
  const later = toWindow("seven_day", 0.95, { resetsAtSeconds: NOON / 1000 + 86_400 });
  const error = refusalOf(toReport([toWindow("five_hour", 0.99), later]), { percent: 10 });
  assert.equal(error?.retryAfterSeconds, 86_400);
  assert.match(error?.message ?? "", /seven_day/);
  assert.equal(refusalOf(toReport([toWindow("seven_day_opus", 1)]), { percent: 10 }), undefined);
});

test("paid extra usage is refused where the user says so", () => {
  const plan = toReport([toWindow("five_hour", 1)], {
    overage: { inUse: true, status: "allowed", disabledReason: undefined },
  });
  assert.equal(refusalOf(plan, {}), undefined);
  const error = refusalOf(plan, { extraUsage: "stop" });
  assert.equal(error?.retryAfterSeconds, 3600);
  assert.match(error?.message ?? "", /--extra-usage stop/);
  assert.equal(refusalOf({ ...plan, resetsAtSeconds: undefined }, { extraUsage: "stop" })?.retryAfterSeconds, 300);
});

test("a limit whose end is not told is tried again by one turn every 5 minutes", () => {
  const overage = { inUse: true, status: undefined, disabledReason: undefined };
  const plan = { ...toReport([]), overage, resetsAtSeconds: undefined };
  let nowMs = NOON;
  const check = createReserve({ readPlan: () => plan, percent: 0, extraUsage: "stop", now: () => nowMs });
  const isServed = (): boolean => {
    try {
      check();
      return true;
    } catch {
      return false;
    }
  };
  const served = [0, 200, 100, 0, 299, 1, 0].map((seconds) => {
    nowMs += seconds * 1000;
    return isServed();
  });
  assert.deepEqual(served, [false, false, true, false, false, true, false]);
});
