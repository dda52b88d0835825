/** Parts that the charts share: a frame, columns, and a tip for the column under the pointer. */
import { make, makeSvg } from "./dom.ts";
import { toTicks } from "./scale.ts";

/** Room for the numbers at the left of a drawing, in pixels. */
export const LEFT = 44;

/** One panel of a drawing: from a value to its height. */
export interface Panel {
  /** The frame: lines and numbers. */
  readonly frame: readonly SVGElement[];
  /** The place of a value, from the top. */
  y(value: number): number;
}

/** Texts and size of a chart. */
export interface PanelOptions {
  /** Of the whole drawing, in pixels. */
  readonly width: number;
  readonly top: number;
  readonly height: number;
  readonly most: number;
  readonly format: (value: number) => string;
  /** At most so many numbers. */
  readonly ticks?: readonly number[];
}

/** Makes a panel across the whole width. */
export function makePanel({ width, top, height, most, format, ticks = toTicks(most) }: PanelOptions): Panel {
  const last = ticks.at(-1) ?? 1;
  const y = (value: number): number => top + height - (Math.min(value, last) / last) * height;
  const frame = ticks.flatMap((value) => [
    makeSvg("line", { x1: LEFT, x2: width, y1: y(value), y2: y(value), class: value === 0 ? "grid base" : "grid" }),
    makeSvg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, format(value)),
  ]);
  return { frame, y };
}

/** The columns of a drawing. */
export interface Columns {
  readonly width: number;
  readonly x: (at: number) => number;
  readonly middle: (at: number) => number;
}

/** Columns of equal width beside each other. */
export function toColumns(width: number, count: number): Columns {
  const own = (width - LEFT) / count;
  const x = (at: number): number => LEFT + at * own;
  return { width: own, x, middle: (at) => x(at) + own / 2 };
}

/** Words below a column, kept within the drawing. */
export function makeBelow(words: string, middle: number, { width, height }: Size): SVGElement {
  const x = Math.min(width - 18, Math.max(LEFT + 16, middle));
  return makeSvg("text", { x, y: height - 4, "text-anchor": "middle" }, words);
}

/** Of a drawing, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A chart drawn to scale. */
export interface Drawing extends Size {
  readonly columns: number;
  /** A sentence for those who cannot see it. */
  readonly label: string;
  readonly children: readonly SVGElement[];
  /** The words for a column, a line each. */
  readonly toTip: (column: number) => string;
}

/** Puts a drawing into its place. The tip is for the pointer; the table below says the same to everyone. */
export function draw(place: HTMLElement, { width, height, columns: count, label, children, toTip }: Drawing): void {
  const columns = toColumns(width, count);
  const mark = makeSvg("rect", { class: "mark", y: 0, width: columns.width, height: height - 18, rx: 3 });
  const box = { width, height, viewBox: `0 0 ${width} ${height}` };
  const svg = makeSvg("svg", { ...box, role: "img", "aria-label": label }, mark, ...children);
  const tip = make("div", { class: "tip", hidden: true });
  function hide(): void {
    mark.classList.remove("on");
    tip.hidden = true;
  }
  svg.addEventListener("pointermove", (event) => {
    const at = Math.floor((event.clientX - svg.getBoundingClientRect().left - LEFT) / columns.width);
    if (at < 0 || at >= count) return hide();
    mark.classList.add("on");
    mark.setAttribute("x", String(columns.x(at)));
    tip.hidden = false;
    tip.textContent = toTip(at);
    tip.style.left = `${Math.max(0, Math.min(width - tip.offsetWidth, columns.middle(at) - tip.offsetWidth / 2))}px`;
    tip.style.top = `-${tip.offsetHeight + 4}px`;
  });
  svg.addEventListener("pointerleave", hide);
  place.replaceChildren(svg, tip);
}

/** Calls `render` with the width of a place whenever it changes; the first time once it is laid out. */
export function followWidth(place: HTMLElement, render: (width: number) => void): void {
  let last = 0;
  new ResizeObserver(() => {
    const width = Math.floor(place.clientWidth);
    if (width === last || width === 0) return;
    last = width;
    render(width);
  }).observe(place);
}

/** The figures above a chart. */
export function makeLead(figures: readonly (readonly [name: string, value: string])[]): HTMLElement {
  const pairs = figures.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  return make("dl", { class: "lead" }, ...pairs);
}

/** The same numbers as a table, for who wants to read them, with eyes or without. */
export function makeTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const toRow = (cells: readonly string[], tag: "td" | "th"): HTMLElement =>
    make("tr", {}, ...cells.map((cell, at) => make(tag, at === 0 ? {} : { class: "number" }, cell)));
  const table = make("table", {}, make("thead", {}, toRow(head, "th")));
  table.append(make("tbody", {}, ...rows.map((row) => toRow(row, "td"))));
  return make("div", { class: "scroll", role: "region", "aria-label": title, tabindex: 0 }, table);
}
