import assert from "node:assert/strict";
import { test } from "node:test";
import { toPlanReport } from "../../../src/cli/protocol/plan.ts";

const INFO = {
  status: "allowed_warning",
  resetsAt: 1_900_000_000,
  rateLimitType: "five_hour",
  utilization: 0.83,
  overageStatus: "rejected",
  overageDisabledReason: "out_of_credits",
  isUsingOverage: false,
  surpassedThreshold: 0.75,
  unifiedWindows: {
    five_hour: { utilization: 0.83, resetsAt: 1_900_000_000, status: "allowed_warning", surpassedThreshold: 0.75 },
    seven_day: { utilization: 0.21, resetsAt: 1_900_400_000 },
  },
};

test("a report holds all windows, the status and the extra usage", () => {
  assert.deepEqual(toPlanReport(INFO), {
    status: "allowed_warning",
    windows: [
      { name: "five_hour", utilization: 0.83, status: "allowed_warning", resetsAtSeconds: 1_900_000_000 },
      { name: "seven_day", utilization: 0.21, status: "allowed", resetsAtSeconds: 1_900_400_000 },
    ],
    overage: { inUse: false, status: "rejected", disabledReason: "out_of_credits" },
    resetsAtSeconds: 1_900_000_000,
  });
});

test("a limit of single models is told beside the windows, and extra usage that is in use too", () => {
  const report = toPlanReport({ ...INFO, rateLimitType: "seven_day_opus", status: "rejected", overageInUse: true });
  assert.deepEqual(report?.windows.at(-1), {
    name: "seven_day_opus",
    utilization: 0.83,
    status: "rejected",
    resetsAtSeconds: 1_900_000_000,
  });
  assert.equal(report?.overage.inUse, true);
});

test("an older CLI tells of one window alone; a rejection without a number is a full one", () => {
  const { unifiedWindows: _none, utilization: _neither, ...old } = INFO;
  assert.deepEqual(
    toPlanReport({ ...old, utilization: 0.9 })?.windows.map(({ name }) => name),
    ["five_hour"],
  );
  assert.equal(toPlanReport({ ...old, status: "rejected" })?.windows[0]?.utilization, 1);
  assert.deepEqual(toPlanReport(old)?.windows, []);
});

test("what is no report is none, and broken windows are left out", () => {
  assert.equal(toPlanReport({}), undefined);
  assert.equal(toPlanReport({ status: "new word" }), undefined);
  // A login without a plan, and a plan's whose API tells nothing.
  assert.equal(toPlanReport({ status: "allowed", isUsingOverage: false }), undefined);
  assert.equal(toPlanReport({ status: "allowed", isUsingOverage: true })?.overage.inUse, true);
  const broken = { five_hour: 7, seven_day: { utilization: "much" }, other: { utilization: Number.NaN } };
  assert.deepEqual(toPlanReport({ status: "rejected", unifiedWindows: broken })?.windows, []);
  assert.deepEqual(toPlanReport({ status: "rejected", unifiedWindows: [] })?.windows, []);
});
