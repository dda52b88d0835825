/** A clock that tests move by hand, and turns to feed a meter with. */
import type { ErrorKind } from "../../src/core/error.ts";
import type { Usage } from "../../src/core/event.ts";
import type { PlanReport, PlanWindow } from "../../src/core/plan.ts";
import type { Start } from "../../src/core/start.ts";
import type { Meter } from "../../src/meter/meter.ts";
import type { Time } from "../../src/meter/turn.ts";

export interface HandTime extends Time {
  /** Moves both clocks on. */
  pass(ms: number): void;
}

/** Noon of a day in the middle of a month, on this machine's calendar. */
export const NOON = new Date(2026, 10, 15, 12, 0, 0).getTime();

export function createHandTime(startMs = NOON): HandTime {
  let passedMs = 0;
  return {
    now: () => startMs + passedMs,
    tick: () => 5000 + passedMs,
    pass: (ms) => void (passedMs += ms),
  };
}

export const USAGE: Usage = { input: 100, cacheCreation: 20, cacheRead: 880, output: 50, thinking: 10 };

export interface SampleTurn {
  readonly client?: string;
  readonly protocol?: string;
  readonly model?: string;
  readonly start?: Start;
  readonly error?: ErrorKind;
}

/** Plays a whole turn: its first delta comes after 200 ms, its end after a second. */
export function playTurn(meter: Meter, time: HandTime, turn: SampleTurn = {}): void {
  const { client = "curl", protocol = "chat", model = "claude-sonnet-5-5", start = "hot", error } = turn;
  const record = meter.begin({ requestId: "req_1", protocol, client });
  record.run({ model, readStart: () => start, stop: () => undefined });
  time.pass(200);
  record.add([
    { type: "start", model },
    { type: "text", text: "Hello" },
  ]);
  time.pass(800);
  if (error === undefined) record.add([{ type: "done", finish: "stop", usage: USAGE }]);
  record.end(error);
}

export function toWindow(name: string, utilization: number, rest: Partial<PlanWindow> = {}): PlanWindow {
  return { name, utilization, status: "allowed", resetsAtSeconds: NOON / 1000 + 3600, ...rest };
}

export function toReport(windows: readonly PlanWindow[], rest: Partial<PlanReport> = {}): PlanReport {
  return {
    status: "allowed",
    windows,
    overage: { inUse: false, status: undefined, disabledReason: undefined },
    resetsAtSeconds: NOON / 1000 + 3600,
    ...rest,
  };
}
