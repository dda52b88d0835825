/** The last hour: requests a minute, and below them how long the first deltas took. */
import type { Minute } from "../meter/hour.ts";
import type { Usage } from "../meter/usage.ts";
import { draw, followWidth, makeBelow, makeLead, makePanel, makeTable, toColumns } from "./chart.ts";
import { find, make, makeSvg, setTable } from "./dom.ts";
import { formatClock, formatMs } from "./format.ts";
import { toPath, toTicks } from "./scale.ts";

const MINUTE_MS = 60_000;
const MINUTES = 60;
const BARS = { top: 6, height: 84 } as const;
const LINES = { top: 112, height: 84 } as const;
const HEIGHT = 216;

const NO_TIMES = { p50_ms: null, p95_ms: null };

interface Slot {
  readonly atMs: number;
  readonly minute: Minute | undefined;
}

/** All sixty minutes, oldest first. */
function toSlots(hour: readonly Minute[], nowMs: number): Slot[] {
  const last = Math.floor(nowMs / MINUTE_MS);
  const held = new Map(hour.map((minute) => [Math.floor(Date.parse(minute.at) / MINUTE_MS), minute]));
  return Array.from({ length: MINUTES }, (_empty, at) => {
    const minute = last - MINUTES + 1 + at;
    return { atMs: minute * MINUTE_MS, minute: held.get(minute) };
  });
}

function makeBars(slots: readonly Slot[], width: number): SVGElement[] {
  const columns = toColumns(width, MINUTES);
  const most = Math.max(4, ...slots.map(({ minute }) => minute?.requests ?? 0));
  const panel = makePanel({ ...BARS, width, most, format: String, ticks: toTicks(most).filter(Number.isInteger) });
  const gap = columns.width > 5 ? 1 : 0.5;
  const bars = slots.flatMap(({ minute }, at) => {
    if (!minute) return [];
    const bar = (from: number, to: number, name: string): SVGElement => {
      const place = { x: columns.x(at) + gap, width: columns.width - 2 * gap, y: panel.y(to) };
      return makeSvg("rect", { ...place, height: panel.y(from) - panel.y(to), rx: 1, class: name });
    };
    const { requests, errors } = minute;
    return [bar(errors, requests, "s s1"), ...(errors > 0 ? [bar(0, errors, "s sbad")] : [])];
  });
  return [...panel.frame, ...bars];
}

function makeLines(slots: readonly Slot[], width: number): SVGElement[] {
  const columns = toColumns(width, MINUTES);
  const most = Math.max(500, ...slots.map(({ minute }) => minute?.p95_ms ?? 0));
  const panel = makePanel({ ...LINES, width, most, format: (ms) => (ms === 0 ? "0" : formatMs(ms)) });
  const makeSeries = (key: "p50_ms" | "p95_ms", name: string): SVGElement[] => {
    const points = slots.map(({ minute }, at) => {
      const value = minute?.[key];
      return typeof value === "number" ? ([columns.middle(at), panel.y(value)] as const) : undefined;
    });
    const dots = points.flatMap((point) =>
      point ? [makeSvg("circle", { cx: point[0], cy: point[1], r: 2.2, class: name })] : [],
    );
    return [makeSvg("path", { d: toPath(points), class: `line ${name}` }), ...dots];
  };
  return [...panel.frame, ...makeSeries("p95_ms", "s s2"), ...makeSeries("p50_ms", "s s3")];
}

function makeTimes(slots: readonly Slot[], width: number): SVGElement[] {
  const { middle } = toColumns(width, MINUTES);
  return slots.flatMap(({ atMs }, at) => {
    const time = new Date(atMs);
    return time.getMinutes() % 15 === 0 ? [makeBelow(formatClock(time), middle(at), { width, height: HEIGHT })] : [];
  });
}

function toTip({ atMs, minute }: Slot): string {
  const clock = formatClock(new Date(atMs));
  if (!minute) return `${clock}\nno request`;
  const { requests, errors, p50_ms: median, p95_ms: slow } = minute;
  const failed = errors > 0 ? `, ${errors} failed` : "";
  const first = median === null ? [] : [`first delta ${formatMs(median)}, 95 % ${formatMs(slow)}`];
  return [clock, `${requests} ${requests === 1 ? "request" : "requests"}${failed}`, ...first].join("\n");
}

function toFigures(slots: readonly Slot[], { latency }: Usage): (readonly [string, string])[] {
  // The server tells of the hour with the next turn only: until then, an hour without one has no times.
  const { p50_ms: median, p95_ms: slow } = slots.some(({ minute }) => minute) ? latency.hour : NO_TIMES;
  const sum = (key: "requests" | "errors"): number => slots.reduce((all, { minute }) => all + (minute?.[key] ?? 0), 0);
  return [
    ["requests", String(sum("requests"))],
    ["failed", String(sum("errors"))],
    ["first delta, median", formatMs(median)],
    ["95 % within", formatMs(slow)],
  ];
}

function toRows(slots: readonly Slot[]): string[][] {
  return slots.flatMap(({ atMs, minute }) => {
    if (!minute) return [];
    const { requests, errors, p50_ms: median, p95_ms: slow } = minute;
    return [[formatClock(new Date(atMs)), String(requests), String(errors), formatMs(median), formatMs(slow)]];
  });
}

const LEGEND = [
  ["s1", "requests"],
  ["sbad", "failed"],
  ["s3", "first delta, median"],
  ["s2", "first delta, 95 %"],
] as const;

/** Shows the hour of each usage it is given. `showTime` is called once a second: minutes pass without requests too. */
export function createHourChart(): { show(usage: Usage): void; showTime(): void } {
  const card = find("#hour");
  const lead = make("div");
  const plot = make("div", { class: "plot" });
  const legend = make("ul", { class: "legend" }, ...LEGEND.map(([name, words]) => make("li", { class: name }, words)));
  const details = make("details");
  card.append(lead, plot, legend, details);
  let current: Usage | undefined;
  let shown = "";
  let width = 0;

  function render(): void {
    if (!current || width === 0) return;
    const nowMs = Date.now();
    const state = JSON.stringify([current.hour, Math.floor(nowMs / MINUTE_MS), width]);
    if (state === shown) return;
    shown = state;
    const slots = toSlots(current.hour, nowMs);
    const figures = toFigures(slots, current);
    lead.replaceChildren(makeLead(figures));
    const children = [...makeBars(slots, width), ...makeLines(slots, width), ...makeTimes(slots, width)];
    const label = `Requests of the last hour: ${figures.map(([name, value]) => `${name} ${value}`).join(", ")}`;
    const size = { width, height: HEIGHT };
    draw(plot, { ...size, columns: MINUTES, label, children, toTip: (at) => (slots[at] ? toTip(slots[at]) : "") });
    setTable(
      details,
      makeTable("The last hour as a table", ["Minute", "Requests", "Failed", "Median", "95 %"], toRows(slots)),
    );
  }

  followWidth(plot, (found) => {
    width = found;
    render();
  });
  return {
    show(usage) {
      current = usage;
      render();
    },
    showTime: render,
  };
}
