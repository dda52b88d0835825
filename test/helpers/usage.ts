/** A busy server's `/usage`, made by the meter itself from turns that are alike in every run. */
import type { ErrorKind } from "../../src/core/error.ts";
import type { Start } from "../../src/core/start.ts";
import { createMeter } from "../../src/meter/meter.ts";
import type { Meter } from "../../src/meter/meter.ts";
import type { Usage } from "../../src/meter/usage.ts";

/**
 * Numbers from 0 to 1 that look random and are the same each time. Source:
 * https://en.wikipedia.org/wiki/Lehmer_random_number_generator
 */
function createDice(): () => number {
  let state = 42;
  return () => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
}

const CLIENTS = ["opencode", "opencode", "claude-cli", "OpenAI/JS", "codex_cli_rs", "browser", "laptop"];
const PROTOCOLS: Readonly<Record<string, string>> = { "claude-cli": "messages", codex_cli_rs: "responses" };
const MODELS = [
  "claude-sonnet-5-5",
  "claude-sonnet-5-5",
  "claude-opus-5-5",
  "claude-haiku-5-5",
  "claude-opus-4-5-20251101",
];
const STARTS: readonly Start[] = ["hot", "hot", "hot", "hot", "forecast", "spare", "waiting", "cold"];
const FIRST_MS: Readonly<Record<Start, number>> = { hot: 420, forecast: 520, spare: 640, waiting: 760, cold: 1300 };
const FAILURES: readonly ErrorKind[] = ["canceled", "rate_limited", "invalid_request", "overloaded"];

interface Hand {
  readonly meter: Meter;
  at(ms: number): void;
}

function createHand(startMs: number): Hand {
  let nowMs = startMs;
  return { meter: createMeter({ now: () => nowMs, tick: () => nowMs }), at: (ms) => void (nowMs = ms) };
}

function playTurn({ meter, at }: Hand, endMs: number, dice: () => number): void {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(dice() * items.length)] as Item;
  const [client, model, start] = [pick(CLIENTS), pick(MODELS), pick(STARTS)];
  const durationMs = 1500 + dice() ** 3 * 40_000;
  const firstMs = FIRST_MS[start] * (0.7 + dice() ** 4 * 3);
  const beganMs = endMs - durationMs;
  at(beganMs);
  const record = meter.begin({
    requestId: `req_${Math.floor(dice() * 1e9).toString(16)}`,
    protocol: PROTOCOLS[client] ?? "chat",
    client,
  });
  record.run({ model, readStart: () => start, stop: () => undefined });
  const isFailed = dice() < 0.06;
  at(beganMs + firstMs);
  if (!isFailed)
    record.add([
      { type: "start", model },
      { type: "text", text: "x" },
    ]);
  at(endMs);
  const prompt = 4000 + Math.floor(dice() * 60_000);
  const cacheRead = Math.floor(prompt * (start === "cold" ? 0.3 : 0.92));
  const usage = {
    input: prompt - cacheRead,
    cacheCreation: 0,
    cacheRead,
    output: Math.floor(durationMs / 14),
    thinking: 0,
  };
  if (!isFailed) record.add([{ type: "done", finish: "stop", usage }]);
  record.end(isFailed ? pick(FAILURES) : undefined);
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export interface SampleOptions {
  readonly nowMs?: number;
  /** Days before today that had turns. */
  readonly days?: number;
}

/** Thirty days of work, a busy last hour, and three turns that run. */
export function makeUsage({ nowMs = Date.now(), days = 29 }: SampleOptions = {}): Usage {
  const dice = createDice();
  const hand = createHand(nowMs - 30 * DAY_MS);
  for (let day = days; day > 0; day--) {
    const weekend = [0, 6].includes(new Date(nowMs - day * DAY_MS).getDay());
    const turns = Math.floor(dice() * (weekend ? 12 : 70));
    for (let turn = 0; turn < turns; turn++) playTurn(hand, nowMs - day * DAY_MS + turn * 1000, dice);
  }
  for (let minute = 59; minute >= 0; minute--) {
    const turns = Math.floor(dice() ** 2 * 6 * (minute > 20 && minute < 32 ? 0 : 1));
    for (let turn = 0; turn < turns; turn++) playTurn(hand, nowMs - minute * MINUTE_MS - 100 * (turns - turn), dice);
  }
  const { meter, at } = hand;
  for (const [client, protocol, model, start, seconds] of [
    ["opencode", "chat", "claude-opus-5-5", "hot", 38],
    ["claude-cli", "messages", "claude-sonnet-5-5", "forecast", 6],
    ["laptop", "chat", "claude-haiku-5-5", undefined, 1],
  ] as const) {
    at(nowMs - seconds * 1000);
    const record = meter.begin({ requestId: "req_now", protocol, client });
    record.run({ model, readStart: () => start, stop: () => undefined });
    if (!start) continue;
    at(nowMs - seconds * 1000 + 500);
    record.add([
      { type: "start", model },
      { type: "text", text: "x".repeat(seconds * 260) },
    ]);
  }
  at(nowMs);
  const nowSeconds = Math.floor(nowMs / 1000);
  meter.updatePlan({
    status: "allowed",
    windows: [
      { name: "five_hour", utilization: 0.62, status: "allowed", resetsAtSeconds: nowSeconds + 2 * 3600 + 14 * 60 },
      { name: "seven_day", utilization: 0.83, status: "allowed_warning", resetsAtSeconds: nowSeconds + 41 * 3600 },
    ],
    overage: { inUse: false, status: undefined, disabledReason: undefined },
    resetsAtSeconds: nowSeconds + 2 * 3600,
  });
  const usage = JSON.parse(JSON.stringify(meter.read())) as Usage;
  return {
    ...usage,
    since: new Date(nowMs - 27 * 3_600_000).toISOString(),
    plan_reason: null,
    server: {
      status: "ok",
      reason: null,
      fix: null,
      version: "0.2.0",
      claude: { path: "/usr/local/bin/claude", version: "2.1.330" },
      auth: { logged_in: true, method: "claude.ai" },
      sessions: { live: 4, busy: 2, spare: 1, queued: 1 },
      plan_reserve: 10,
      extra_usage: "allow",
      mcp_servers: [
        { name: "notes", status: "connected", tools: ["search", "read"], error: null },
        { name: "tickets", status: "failed", tools: [], error: "HTTP 401" },
      ],
      available_models: ["claude-opus-4", "claude-sonnet-4", "claude-haiku-4", "claude-opus-5-5", "claude-sonnet-5-5"],
    },
  };
}
