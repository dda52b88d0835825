/** The last 30 days: tokens by model, and below them the share of the prompts that came from the cache. */
import type { Day } from "../meter/day.ts";
import type { Tokens } from "../meter/totals.ts";
import type { Usage } from "../meter/usage.ts";
import { draw, followWidth, makeBelow, makeLead, makePanel, makeTable, toColumns } from "./chart.ts";
import { find, make, makeSvg, setTable } from "./dom.ts";
import { formatCount, formatDay, formatPercent } from "./format.ts";
import { toPath } from "./scale.ts";

const DAYS = 30;
const BARS = { top: 6, height: 120 } as const;
const SHARE = { top: 146, height: 50 } as const;
const HEIGHT = 216;
/** Models with a colour of their own; the last colour is for the rest. */
const MOST_COLOURS = 5;
const REST = "others";

interface Slot {
  readonly date: string;
  readonly day: Day | undefined;
}

const toAll = ({ input, cached, output }: Tokens): number => input + cached + output;

function toDate(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

/** All thirty days up to today, oldest first. */
function toSlots(days: readonly Day[], now: Date): Slot[] {
  const held = new Map(days.map((day) => [day.date, day]));
  return Array.from({ length: DAYS }, (_empty, at) => {
    // At noon: a day that is an hour longer or shorter is a day all the same.
    const date = toDate(new Date(now.getFullYear(), now.getMonth(), now.getDate() - DAYS + 1 + at, 12));
    return { date, day: held.get(date) };
  });
}

/** The models by use, most first; those past the colours share the last one. */
function toModels(slots: readonly Slot[]): string[] {
  const sums = new Map<string, number>();
  for (const { day } of slots)
    for (const { name, tokens } of day?.models ?? []) sums.set(name, (sums.get(name) ?? 0) + toAll(tokens));
  const names = [...sums]
    .filter(([, sum]) => sum > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([name]) => name);
  return names.length <= MOST_COLOURS + 1 ? names : [...names.slice(0, MOST_COLOURS), REST];
}

function toTokensOf(day: Day | undefined, model: string, models: readonly string[]): number {
  const isOf = (name: string): boolean => (model === REST ? !models.includes(name) || name === REST : name === model);
  return (day?.models ?? []).filter(({ name }) => isOf(name)).reduce((sum, { tokens }) => sum + toAll(tokens), 0);
}

function toCacheShare(tokens: Pick<Tokens, "input" | "cached"> | undefined): number | undefined {
  if (!tokens || tokens.input + tokens.cached === 0) return undefined;
  return tokens.cached / (tokens.input + tokens.cached);
}

function makeBars(slots: readonly Slot[], models: readonly string[], width: number): SVGElement[] {
  const columns = toColumns(width, DAYS);
  const most = Math.max(1000, ...slots.map(({ day }) => (day ? toAll(day.tokens) : 0)));
  const panel = makePanel({ ...BARS, width, most, format: formatCount });
  const bars = slots.flatMap(({ day }, at) => {
    let below = 0;
    return models.flatMap((model, series) => {
      const tokens = toTokensOf(day, model, models);
      if (tokens === 0) return [];
      const [top, bottom] = [panel.y(below + tokens), panel.y(below)];
      below += tokens;
      const place = { x: columns.x(at) + 1.5, width: columns.width - 3, y: top, height: bottom - top };
      return [makeSvg("rect", { ...place, class: `s s${series + 1}` })];
    });
  });
  return [...panel.frame, ...bars];
}

function makeShare(slots: readonly Slot[], width: number): SVGElement[] {
  const columns = toColumns(width, DAYS);
  const panel = makePanel({ ...SHARE, width, most: 1, format: formatPercent, ticks: [0, 0.5, 1] });
  const points = slots.map(({ day }, at) => {
    const share = toCacheShare(day?.tokens);
    return share === undefined ? undefined : ([columns.middle(at), panel.y(share)] as const);
  });
  const dots = points.flatMap((point) =>
    point ? [makeSvg("circle", { cx: point[0], cy: point[1], r: 2.2, class: "s scache" })] : [],
  );
  return [...panel.frame, makeSvg("path", { d: toPath(points), class: "line s scache" }), ...dots];
}

function makeDates(slots: readonly Slot[], width: number): SVGElement[] {
  const { middle } = toColumns(width, DAYS);
  return slots.flatMap(({ date }, at) =>
    (DAYS - 1 - at) % 7 === 0 ? [makeBelow(formatDay(date), middle(at), { width, height: HEIGHT })] : [],
  );
}

function toTip({ date, day }: Slot, models: readonly string[]): string {
  if (!day) return `${formatDay(date)}\nno request`;
  const rows = models
    .map((model) => [model, toTokensOf(day, model, models)] as const)
    .filter(([, tokens]) => tokens > 0)
    .map(([model, tokens]) => `${model}: ${formatCount(tokens)}`);
  const share = toCacheShare(day.tokens);
  return [
    formatDay(date),
    `${day.requests} ${day.requests === 1 ? "request" : "requests"}, ${formatCount(toAll(day.tokens))} tokens`,
    ...rows,
    ...(share === undefined ? [] : [`${formatPercent(share)} of the prompts from the cache`]),
  ].join("\n");
}

function toFigures(slots: readonly Slot[]): (readonly [string, string])[] {
  const sum = (read: (day: Day) => number): number => slots.reduce((all, { day }) => all + (day ? read(day) : 0), 0);
  const prompt = { input: sum(({ tokens }) => tokens.input), cached: sum(({ tokens }) => tokens.cached) };
  const share = toCacheShare(prompt);
  return [
    ["requests", formatCount(sum(({ requests }) => requests))],
    ["tokens in", formatCount(prompt.input + prompt.cached)],
    ["tokens out", formatCount(sum(({ tokens }) => tokens.output))],
    ["from the cache", share === undefined ? "–" : formatPercent(share)],
  ];
}

function toRows(slots: readonly Slot[]): string[][] {
  return slots.flatMap(({ date, day }) => {
    if (!day) return [];
    const { input, cached, output } = day.tokens;
    const share = toCacheShare(day.tokens);
    const cells = [String(day.requests), formatCount(input + cached), formatCount(output)];
    return [[formatDay(date), ...cells, share === undefined ? "–" : formatPercent(share)]];
  });
}

/** Shows the days of each usage it is given. */
export function createMonthChart(): { show(usage: Usage): void } {
  const card = find("#month");
  const lead = make("div");
  const plot = make("div", { class: "plot" });
  const legend = make("ul", { class: "legend" });
  const details = make("details");
  card.append(lead, plot, legend, details);
  let days: readonly Day[] | undefined;
  let shown = "";
  let width = 0;

  function render(): void {
    const now = new Date();
    const state = JSON.stringify([days, toDate(now), width]);
    if (!days || width === 0 || state === shown) return;
    shown = state;
    const slots = toSlots(days, now);
    const models = toModels(slots);
    const figures = toFigures(slots);
    lead.replaceChildren(makeLead(figures));
    const words = figures.map(([name, value]) => `${name} ${value}`).join(", ");
    const label = `Tokens of the last 30 days by model: ${words}`;
    const children = [...makeBars(slots, models, width), ...makeShare(slots, width), ...makeDates(slots, width)];
    const toWords = (at: number): string => (slots[at] ? toTip(slots[at], models) : "");
    draw(plot, { width, height: HEIGHT, columns: DAYS, label, children, toTip: toWords });
    const keys = models.map((model, at) => make("li", { class: `s${at + 1}` }, model));
    legend.replaceChildren(...keys, make("li", { class: "scache" }, "prompt from the cache"));
    setTable(
      details,
      makeTable("The last 30 days as a table", ["Day", "Requests", "Tokens in", "out", "Cache"], toRows(slots)),
    );
  }

  followWidth(plot, (found) => {
    width = found;
    render();
  });
  return {
    show(usage) {
      days = usage.days;
      render();
    },
  };
}
