/** The plan's last known state, from reports that come with ordinary turns. Pure: it is told the time. */
import type { LimitStatus, PlanReport, PlanWindow } from "../core/plan.ts";

/** One window as `/usage` shows it. */
export interface WindowState {
  readonly name: string;
  /** 0 to 1, and above 1 where use ran past the limit. */
  readonly utilization: number;
  readonly status: LimitStatus;
  /** ISO time; null while no window is open. */
  readonly resets_at: string | null;
}

/** The plan as `/usage` shows it. */
export interface PlanState {
  readonly status: LimitStatus;
  readonly windows: readonly WindowState[];
  readonly overage: {
    readonly in_use: boolean;
    readonly status: LimitStatus | null;
    readonly disabled_reason: string | null;
  };
}

/** The plan's memory. */
export interface PlanGauge {
  /** Takes a report; windows that it leaves out stay as they were. */
  update(report: PlanReport): void;
  /** The last state, where each window whose end has passed is empty again. Undefined before the first report. */
  read(): PlanReport | undefined;
}

/** More than the API has; a name beyond is not taken. */
const MOST_WINDOWS = 12;

/** Shortest first, so that they are listed alike whatever the reports' order; unknown ones by name after them. */
const ORDER = ["five_hour", "seven_day"];

function compare(a: PlanWindow, b: PlanWindow): number {
  const [placeA, placeB] = [ORDER.indexOf(a.name), ORDER.indexOf(b.name)];
  if (placeA !== placeB) return (placeA === -1 ? ORDER.length : placeA) - (placeB === -1 ? ORDER.length : placeB);
  return a.name < b.name ? -1 : 1;
}

/** Makes an empty memory. `now` gives Unix milliseconds. */
export function createPlanGauge(now: () => number): PlanGauge {
  const windows = new Map<string, PlanWindow>();
  let last: PlanReport | undefined;
  const isOver = (atSeconds: number | undefined): boolean => atSeconds !== undefined && atSeconds * 1000 <= now();

  function toCurrent(window: PlanWindow): PlanWindow {
    if (!isOver(window.resetsAtSeconds)) return window;
    return { name: window.name, utilization: 0, status: "allowed", resetsAtSeconds: undefined };
  }

  return {
    update(report) {
      last = report;
      for (const window of report.windows)
        if (windows.has(window.name) || windows.size < MOST_WINDOWS) windows.set(window.name, window);
    },
    read() {
      if (!last) return undefined;
      const current = [...windows.values()].map(toCurrent).sort(compare);
      if (!isOver(last.resetsAtSeconds)) return { ...last, windows: current };
      // The limit that was reached has begun anew, and with it ended what took its place.
      const overage = { ...last.overage, inUse: false };
      return { status: "allowed", windows: current, overage, resetsAtSeconds: undefined };
    },
  };
}

/** The JSON of a state. */
export function toPlanState({ status, windows, overage }: PlanReport): PlanState {
  return {
    status,
    windows: windows.map(({ name, utilization, status: windowStatus, resetsAtSeconds }) => ({
      name,
      utilization,
      status: windowStatus,
      resets_at: resetsAtSeconds === undefined ? null : new Date(resetsAtSeconds * 1000).toISOString(),
    })),
    overage: {
      in_use: overage.inUse,
      status: overage.status ?? null,
      disabled_reason: overage.disabledReason ?? null,
    },
  };
}
