import assert from "node:assert/strict";
import { test } from "node:test";
import { applyChange } from "../../src/page/merge.ts";
import { createMeter } from "../../src/meter/meter.ts";
import type { Usage } from "../../src/meter/usage.ts";
import { createHandTime, playTurn, toReport, toWindow } from "../meter/sample.ts";
import { makeUsage } from "../helpers/usage.ts";

const { server, plan_reason: reason } = makeUsage({ days: 0 });

test("the first state and every change come to what the meter says itself", () => {
  const time = createHandTime();
  const meter = createMeter(time);
  const read = (): Usage => JSON.parse(JSON.stringify({ ...meter.read(), server, plan_reason: reason })) as Usage;
  playTurn(meter, time);
  meter.takeChange();
  let usage = read();
  const catchUp = (): void => {
    const change = meter.takeChange();
    assert.ok(change);
    usage = applyChange(usage, JSON.parse(JSON.stringify(change)) as typeof change);
    assert.deepEqual(usage, read());
  };
  for (let turn = 0; turn < 5; turn++) {
    for (let each = 0; each <= turn * 60; each++) playTurn(meter, time, { client: `client-${turn}` });
    meter.updatePlan(toReport([toWindow("five_hour", turn / 10)]));
    meter
      .begin({ requestId: `req_${turn}`, protocol: "chat", client: "curl" })
      .run({ model: "sonnet", readStart: () => undefined, stop: () => undefined });
    catchUp();
  }
  time.pass(86_400_000);
  playTurn(meter, time);
  // Minutes that have passed are the page's own to forget: it draws sixty.
  const now = meter.read().hour.map(({ at }) => at);
  usage = { ...usage, hour: usage.hour.filter(({ at }) => now.includes(at)) };
  catchUp();
});

test("lists that have not changed stay the same objects", () => {
  const usage = makeUsage({ days: 0 });
  const next = applyChange(usage, { now: usage.now, turns: [] });
  assert.equal(next.recent, usage.recent);
  assert.equal(next.days, usage.days);
  assert.deepEqual(next.turns, []);
});
