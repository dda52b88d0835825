import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Start } from "../../src/core/start.ts";
import { createDay } from "../../src/meter/day.ts";
import { createMeter } from "../../src/meter/meter.ts";
import type { TurnAsked } from "../../src/meter/turn.ts";
import { createHandTime, NOON, playTurn, toReport, toWindow, USAGE } from "./sample.ts";

const ASKED: TurnAsked = { model: "sonnet", readStart: () => undefined, stop: () => undefined };

test("a turn is shown while it runs and counted when it ends", () => {
  const time = createHandTime();
  const meter = createMeter(time);
  const record = meter.begin({ requestId: "req_a", protocol: "chat", client: "curl" });
  assert.equal(meter.running, 0);
  let start: Start | undefined;
  record.run({ ...ASKED, model: "claude-sonnet-4", readStart: () => start });
  assert.deepEqual(meter.read().turns, [
    {
      id: "turn_1",
      request_id: "req_a",
      protocol: "chat",
      client: "curl",
      model: "claude-sonnet-4",
      start: null,
      began_at: new Date(NOON).toISOString(),
      first_delta_ms: null,
      output_tokens: 0,
      tokens_per_second: null,
    },
  ]);
  start = "spare";
  time.pass(150);
  record.add([{ type: "start", model: "claude-sonnet-5-5" }]);
  time.pass(50);
  record.add([{ type: "text", text: "x".repeat(200) }]);
  time.pass(1000);
  const [running] = meter.read().turns;
  assert.deepEqual(
    [running?.model, running?.start, running?.first_delta_ms, running?.output_tokens, running?.tokens_per_second],
    ["claude-sonnet-5-5", "spare", 200, 50, 50],
  );
  record.add([{ type: "done", finish: "stop", usage: USAGE }]);
  record.end();
  record.end("internal");

  const usage = meter.read();
  const tokens = { input: 120, cached: 880, output: 50, thinking: 10 };
  assert.deepEqual(usage.turns, []);
  assert.equal(usage.totals.requests, 1);
  assert.deepEqual(usage.totals.errors, {});
  assert.deepEqual(usage.totals.tokens, tokens);
  assert.equal(usage.totals.starts.spare, 1);
  assert.deepEqual(usage.models, [{ name: "claude-sonnet-5-5", requests: 1, errors: 0, tokens }]);
  assert.deepEqual(usage.clients, [{ name: "curl", requests: 1, errors: 0, tokens }]);
  assert.deepEqual(usage.protocols, [{ name: "chat", requests: 1, errors: 0, tokens }]);
  assert.equal(usage.days.length, 1);
  assert.equal(usage.days[0]?.date, "2026-11-15");
  assert.equal(usage.latency.starts.spare.count, 1);
  assert.equal(usage.latency.hour.p50_ms, 200);
  assert.deepEqual(usage.recent, [
    {
      id: "turn_1",
      request_id: "req_a",
      at: new Date(NOON).toISOString(),
      protocol: "chat",
      client: "curl",
      model: "claude-sonnet-5-5",
      status: 200,
      error: null,
      start: "spare",
      ms: 1200,
      first_delta_ms: 200,
      tokens,
    },
  ]);
});

test("a turn that is refused before its model is known is counted under none", () => {
  const meter = createMeter(createHandTime());
  meter.begin({ requestId: "req_a", protocol: "messages", client: "curl" }).end("invalid_request");
  const usage = meter.read();
  assert.deepEqual(usage.totals.errors, { invalid_request: 1 });
  assert.equal(usage.recent[0]?.status, 400);
  assert.equal(usage.recent[0]?.start, null);
  assert.equal(usage.models[0]?.name, "none");
  assert.equal(usage.latency.hour.count, 0);
});

test("a retraction is no delta, and the tokens of a failed turn are not guessed", () => {
  const time = createHandTime();
  const meter = createMeter(time);
  const record = meter.begin({ requestId: "req_a", protocol: "chat", client: "curl" });
  record.run(ASKED);
  record.add([{ type: "start", model: "m" }, { type: "retract" }]);
  assert.equal(meter.read().turns[0]?.first_delta_ms, null);
  record.add([{ type: "text", text: "half an answer" }]);
  record.end("bad_gateway");
  assert.equal(meter.read().totals.tokens.output, 0);
  assert.equal(meter.read().recent[0]?.status, 502);
});

test("changes are told once, and lists hold only what is new", () => {
  const time = createHandTime();
  const meter = createMeter(time);
  let told = 0;
  meter.onChange(() => told++);
  assert.equal(meter.takeChange(), undefined);
  playTurn(meter, time);
  assert.ok(told >= 3);
  const first = meter.takeChange();
  assert.deepEqual(
    first?.recent?.map(({ id }) => id),
    ["turn_1"],
  );
  assert.equal(first?.days?.length, 1);
  assert.equal(first?.totals?.requests, 1);
  assert.equal(meter.takeChange(), undefined);

  time.pass(24 * 3_600_000);
  playTurn(meter, time);
  const second = meter.takeChange();
  assert.deepEqual(
    second?.recent?.map(({ id }) => id),
    ["turn_2"],
  );
  assert.deepEqual(
    second?.days?.map(({ date }) => date),
    ["2026-11-15", "2026-11-16"],
  );

  meter.updatePlan(toReport([toWindow("five_hour", 0.5)]));
  assert.deepEqual(Object.keys(meter.takeChange() ?? {}), ["now", "plan"]);
  meter.begin({ requestId: "req_a", protocol: "chat", client: "curl" }).run(ASKED);
  assert.deepEqual(Object.keys(meter.takeChange() ?? {}), ["now", "plan", "turns"]);
  meter.onChange(undefined);
  const before = told;
  playTurn(meter, time);
  assert.equal(told, before);
});

test("a running turn is stopped by its id, and another is not", () => {
  const meter = createMeter(createHandTime());
  let stopped = "";
  for (const name of ["a", "b"])
    meter
      .begin({ requestId: name, protocol: "chat", client: "curl" })
      .run({ ...ASKED, stop: () => void (stopped += name) });
  assert.equal(meter.stop("turn_2"), true);
  assert.equal(stopped, "b");
  assert.equal(meter.stop("turn_3"), false);
});

test("days that were known before are added, and only new ones are to be saved", () => {
  const time = createHandTime();
  const earlier = createMeter(time);
  playTurn(earlier, time);
  const saved = earlier.takeDays();
  assert.deepEqual(earlier.takeDays(), []);

  const meter = createMeter(time);
  meter.addDays(saved);
  playTurn(meter, time);
  const { days, totals } = meter.read();
  assert.equal(days[0]?.requests, 2);
  assert.equal(totals.requests, 1);
  assert.equal(meter.takeDays()[0]?.requests, 1);
});

test("the last 31 days are those of the calendar, not the last that had turns", () => {
  const time = createHandTime();
  const meter = createMeter(time);
  const toDay = (date: string) => ({ ...createDay(date), requests: 1 });
  meter.addDays(["2026-03-04", "2026-10-15", "2026-10-16", "2026-11-14"].map(toDay));
  assert.deepEqual(
    meter.read().days.map(({ date }) => date),
    ["2026-10-16", "2026-11-14"],
  );
});

test("memory is bounded: 100,000 requests of 10,000 clients on 40 days", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const time = createHandTime();
  const meter = createMeter(time);
  const play = (count: number): void => {
    for (let at = 0; at < count; at++) {
      const name = `client-${(at * 7919) % 10_000}`;
      playTurn(meter, time, { client: name, model: `model-${at % 1000}`, protocol: `protocol-${at % 100}` });
      time.pass((40 * 86_400_000) / count - 1000);
      if (at % 1000 === 0) meter.takeDays();
    }
  };
  play(1000);
  collect();
  const before = process.memoryUsage().heapUsed;
  play(100_000);
  collect();
  const grownMb = (process.memoryUsage().heapUsed - before) / 2 ** 20;
  const usage = meter.read();
  assert.ok(grownMb < 2, `${grownMb} MB`);
  assert.equal(usage.totals.requests, 101_000);
  assert.equal(usage.recent.length, 200);
  assert.ok(usage.days.length <= 31 && usage.hour.length <= 60);
  for (const { clients, requests } of [...usage.days, { clients: usage.clients, requests: usage.totals.requests }]) {
    assert.ok(clients.length <= 51);
    // Whoever has no row of his own is counted all the same.
    assert.equal(
      clients.map((share) => share.requests).reduce((sum, count) => sum + count, 0),
      requests,
    );
  }
  assert.ok(meter.series.requests.length <= 33 * 13);
});

test("a client that asks a lot keeps its row among many that ask once", () => {
  const time = createHandTime();
  const meter = createMeter(time);
  for (let at = 0; at < 5; at++) playTurn(meter, time, { client: "editor" });
  for (let at = 0; at < 1000; at++) playTurn(meter, time, { client: `scan-${at}` });
  playTurn(meter, time, { client: "editor" });
  assert.equal(meter.read().clients.find(({ name }) => name === "editor")?.requests, 6);
});
