import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlanGauge, toPlanState } from "../../src/meter/plan.ts";
import { createHandTime, NOON, toReport, toWindow } from "./sample.ts";

test("nothing is known before the first report", () => {
  assert.equal(createPlanGauge(createHandTime().now).read(), undefined);
});

test("windows are listed shortest first, and one that a report leaves out stays", () => {
  const gauge = createPlanGauge(createHandTime().now);
  gauge.update(toReport([toWindow("seven_day_opus", 0.1), toWindow("seven_day", 0.2), toWindow("five_hour", 0.3)]));
  gauge.update(toReport([toWindow("five_hour", 0.4, { status: "allowed_warning" })]));
  assert.deepEqual(
    gauge.read()?.windows.map(({ name, utilization, status }) => [name, utilization, status]),
    [
      ["five_hour", 0.4, "allowed_warning"],
      ["seven_day", 0.2, "allowed"],
      ["seven_day_opus", 0.1, "allowed"],
    ],
  );
});

test("a window is empty once its end has passed, the others are not", () => {
  const time = createHandTime();
  const gauge = createPlanGauge(time.now);
  const later = NOON / 1000 + 86_400;
  gauge.update(
    toReport(
      [toWindow("five_hour", 1, { status: "rejected" }), toWindow("seven_day", 0.5, { resetsAtSeconds: later })],
      {
        status: "rejected",
        overage: { inUse: true, status: "allowed", disabledReason: undefined },
      },
    ),
  );
  time.pass(3_599_000);
  assert.equal(gauge.read()?.status, "rejected");
  time.pass(1000);
  const state = gauge.read();
  assert.equal(state?.status, "allowed");
  assert.equal(state?.overage.inUse, false);
  assert.deepEqual(state?.windows, [
    { name: "five_hour", utilization: 0, status: "allowed", resetsAtSeconds: undefined },
    toWindow("seven_day", 0.5, { resetsAtSeconds: later }),
  ]);
});

test("the plan's JSON has ISO times, and null for what is not known", () => {
  assert.deepEqual(toPlanState(toReport([toWindow("five_hour", 0.25)])), {
    status: "allowed",
    windows: [
      {
        name: "five_hour",
        utilization: 0.25,
        status: "allowed",
        resets_at: new Date(NOON + 3_600_000).toISOString(),
      },
    ],
    overage: { in_use: false, status: null, disabled_reason: null },
  });
});

test("made-up window names do not add up", () => {
  const gauge = createPlanGauge(createHandTime().now);
  for (let at = 0; at < 100; at++) gauge.update(toReport([toWindow(`window_${at}`, 0)]));
  assert.equal(gauge.read()?.windows.length, 12);
});
