import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { createMeter } from "../../src/meter/meter.ts";
import type { Meter } from "../../src/meter/meter.ts";
import { formatMetrics } from "../../src/meter/metrics.ts";
import type { ServerState } from "../../src/meter/usage.ts";
import { readMetrics } from "../helpers/prometheus.ts";
import type { Family } from "../helpers/prometheus.ts";
import { createHandTime, playTurn, toReport, toWindow } from "./sample.ts";

const SERVER: ServerState = {
  status: "ok",
  reason: null,
  fix: null,
  version: "1.2.3",
  claude: { path: "/usr/bin/claude", version: "2.1.330" },
  auth: { logged_in: true, method: "claude.ai" },
  sessions: { live: 5, busy: 2, spare: 1, queued: 7 },
  plan_reserve: 0,
  extra_usage: "allow",
  mcp_servers: [],
  available_models: [],
};

function makeMeter(): Meter {
  const time = createHandTime();
  const meter = createMeter(time);
  playTurn(meter, time);
  playTurn(meter, time, { start: "cold", error: "rate_limited" });
  playTurn(meter, time, { model: 'a "strange"\\ name\n', protocol: "messages" });
  meter.updatePlan(toReport([toWindow("five_hour", 0.83), toWindow("seven_day", 1, { status: "rejected" })]));
  return meter;
}

function read(meter: Meter): Map<string, Family> {
  return new Map(readMetrics(formatMetrics(meter, SERVER)).map((family) => [family.name, family]));
}

function find(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number | undefined {
  const samples = families.get(`claude_max_api_${name}`)?.samples ?? [];
  return samples.find((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))?.value;
}

test("the metrics keep to the grammar and say what was counted", () => {
  const families = read(makeMeter());
  const model = "claude-sonnet-5-5";
  assert.equal(find(families, "requests_total", { protocol: "chat", model, status: "200" }), 1);
  assert.equal(find(families, "requests_total", { protocol: "chat", model, status: "429" }), 1);
  assert.equal(find(families, "requests_total", { model: 'a "strange"\\ name\n' }), 1);
  assert.equal(find(families, "errors_total", { kind: "rate_limited" }), 1);
  assert.equal(find(families, "tokens_total", { kind: "cached", model }), 880);
  assert.equal(find(families, "turns_started_total", { start: "cold" }), 1);
  assert.equal(find(families, "first_delta_seconds", { start: "hot", le: "0.2" }), 2);
  assert.equal(find(families, "plan_utilization_ratio", { window: "five_hour" }), 0.83);
  assert.equal(find(families, "plan_limit_reached", { window: "seven_day" }), 1);
  assert.equal(find(families, "processes", { state: "idle" }), 3);
  assert.equal(find(families, "queue_length"), 7);
});

test("a server that has seen nothing has metrics too", () => {
  const families = read(createMeter(createHandTime()));
  assert.equal(find(families, "turns_running"), 0);
  assert.ok(!families.has("claude_max_api_plan_utilization_ratio"));
});

test("every name has its unit, and counters end in total", () => {
  for (const { name, type, help } of read(makeMeter()).values()) {
    assert.match(name, /^claude_max_api_/);
    assert.match(help, /\.$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    if (type === "histogram") assert.match(name, /_seconds$/);
  }
});

test("promtool finds nothing, where it is installed", (t) => {
  const { error, status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: formatMetrics(makeMeter(), SERVER),
    encoding: "utf8",
  });
  if (error) return t.diagnostic("promtool is not installed: the grammar alone has judged");
  assert.equal(`${stdout}${stderr}`, "");
  assert.equal(status, 0);
});
