/** The plan's windows as gauges, with the time to their reset and the part that is kept for the user. */
import type { WindowState } from "../meter/plan.ts";
import type { Usage } from "../meter/usage.ts";
import { find, make, setText } from "./dom.ts";
import { formatMoment, formatPercent, formatSpan, formatWindow, toLevel, toWindowMs } from "./format.ts";

const STATUS_WORDS = {
  allowed: "within the plan",
  allowed_warning: "near the limit",
  rejected: "limit reached",
} as const;

/** The part of a window's time that has passed; undefined where the window's length is not known. */
function toPassed({ name, resets_at: reset }: WindowState, nowMs: number): number | undefined {
  const windowMs = toWindowMs(name);
  if (reset === null || windowMs === undefined) return undefined;
  return Math.min(1, Math.max(0, 1 - (Date.parse(reset) - nowMs) / windowMs));
}

const hasLength = (state: WindowState): boolean => toPassed(state, 0) !== undefined;

/** A window whose end has passed is empty, before the server says so. */
function toCurrent(state: WindowState, nowMs: number): WindowState {
  if (state.resets_at === null || Date.parse(state.resets_at) > nowMs) return state;
  return { name: state.name, utilization: 0, status: "allowed", resets_at: null };
}

function makeBar(state: WindowState, reserve: number): HTMLElement {
  const name = formatWindow(state.name);
  const bar = make("div", {
    class: "bar",
    role: "meter",
    "aria-label": `${name}: used part of the plan`,
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    "aria-valuenow": Math.min(100, Math.round(state.utilization * 100)),
    "aria-valuetext": `${formatPercent(state.utilization)}, ${STATUS_WORDS[state.status]}`,
    "data-level": toLevel(state),
  });
  const fill = make("div", { class: "fill" });
  fill.style.width = `${Math.min(100, state.utilization * 100)}%`;
  bar.append(fill);
  if (reserve > 0) {
    const kept = make("div", { class: "reserve", title: `${reserve} % is kept for you (--plan-reserve)` });
    kept.style.width = `${reserve}%`;
    bar.append(kept);
  }
  if (hasLength(state)) bar.append(make("div", { class: "pace" }));
  return bar;
}

function makeGauge(state: WindowState, reserve: number): HTMLElement {
  const note = make("div", { class: "note figure" }, make("span", { class: "reset" }));
  if (hasLength(state)) note.append(make("span", { class: "time" }));
  const chip = make("span", { class: "chip", "data-level": toLevel(state) }, STATUS_WORDS[state.status]);
  const isKept = reserve > 0 && state.utilization * 100 > 100 - reserve;
  const reserveWords = isKept ? `reserve of ${reserve} % reached` : `${reserve} % kept for you`;
  if (reserve > 0) note.append(make("span", {}, reserveWords));
  return make(
    "div",
    { class: "card gauge", "data-window": state.name },
    make("span", { class: "name" }, formatWindow(state.name), " ", chip),
    make("span", { class: "percent figure" }, formatPercent(state.utilization)),
    makeBar(state, reserve),
    note,
  );
}

function toReset(resetsAt: string | null): string {
  if (resetsAt === null) return "begins with the next request";
  const [time, now] = [new Date(resetsAt), new Date()];
  return `resets in ${formatSpan(time.getTime() - now.getTime())}, ${formatMoment(time, now)}`;
}

/** Puts into a gauge what changes with the clock alone. */
function showClock(gauge: HTMLElement, state: WindowState): void {
  setText(find(".reset", gauge), toReset(state.resets_at));
  const passed = toPassed(state, Date.now());
  if (passed === undefined) return;
  const words = `${formatPercent(passed)} of the time`;
  setText(find(".time", gauge), words);
  const pace = find(".pace", gauge);
  pace.style.left = `${passed * 100}%`;
  pace.title = `${words} has passed`;
}

function makeOverage({ plan, server }: Usage): HTMLElement[] {
  if (!plan?.overage.in_use) return [];
  const words = server.extra_usage === "stop" ? "turns are stopped (--extra-usage stop)" : "turns are being paid for";
  return [make("p", { class: "notice", "data-level": "warn" }, `The plan is used up and extra usage is on: ${words}.`)];
}

/** Shows the plan of each usage it is given. `showTime` is called once a second. */
export function createPlan(): { show(usage: Usage): void; showTime(): void } {
  const container = find("#plan");
  let current: Usage | undefined;
  let shown = "";

  function makeAll(usage: Usage, windows: readonly WindowState[]): HTMLElement[] {
    const { plan, plan_reason: reason, server } = usage;
    if (!plan) return [make("p", { class: "notice" }, reason ?? "")];
    return [...makeOverage(usage), ...windows.map((state) => makeGauge(state, server.plan_reserve))];
  }

  function showTime(): void {
    if (!current) return;
    const { plan, plan_reason: reason, server } = current;
    const windows = (plan?.windows ?? []).map((state) => toCurrent(state, Date.now()));
    const state = JSON.stringify([windows, plan?.overage, reason, server.plan_reserve]);
    if (state !== shown) container.replaceChildren(...makeAll(current, windows));
    shown = state;
    for (const window of windows) showClock(find(`[data-window="${CSS.escape(window.name)}"]`, container), window);
  }

  return {
    show(usage) {
      current = usage;
      showTime();
    },
    showTime,
  };
}
