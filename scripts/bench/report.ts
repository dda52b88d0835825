/** Figures, their bounds, and how both are shown. */

export interface Row {
  readonly figure: string;
  readonly measured: string;
  /** Empty where a figure is only stated. */
  readonly bound: string;
  readonly isMet: boolean;
}

export type Samples = Readonly<Record<string, readonly number[]>>;

/** Findings of one part of the run. */
export interface Findings {
  readonly rows: readonly Row[];
  /** Every single measurement, by what was measured. */
  readonly samples: Samples;
}

/** The value below which this share of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** Three significant digits are more than the noise of any figure here allows. */
export const toText = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toString() : value.toPrecision(Math.abs(value) < 1 ? 2 : 3);

/** A figure that is only stated. */
export const state = (figure: string, measured: string): Row => ({ figure, measured, bound: "", isMet: true });

/** A figure that may be at most so much. NaN misses. */
export function atMost(figure: string, value: number, most: number, unit = ""): Row {
  return { figure, measured: `${toText(value)}${unit}`, bound: `≤ ${toText(most)}${unit}`, isMet: value <= most };
}

/** A figure that must be at least so much. NaN misses. */
export function atLeast(figure: string, value: number, least: number, unit = ""): Row {
  return { figure, measured: `${toText(value)}${unit}`, bound: `≥ ${toText(least)}${unit}`, isMet: value >= least };
}

/** The median, and where four of five samples lie. */
export function toSpread(samples: readonly number[], unit: string): string {
  return `${toText(median(samples))} ${unit} (${toText(quantile(samples, 0.1))}-${toText(quantile(samples, 0.9))})`;
}

/** The table, in Markdown. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [
    ["figure", "measured", "bound", ""],
    ...rows.map(({ figure, measured, bound, isMet }) => [figure, measured, bound, isMet ? "" : "MISSED"]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
