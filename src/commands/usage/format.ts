/** Usage as lines for a terminal of 80 columns. Pure. */
import { toDate } from "../../meter/day.ts";
import type { WindowState } from "../../meter/plan.ts";
import type { NamedShare, Tokens } from "../../meter/totals.ts";
import type { RunningTurn, Usage } from "../../meter/usage.ts";
import {
  formatCount,
  formatMoment,
  formatMs,
  formatPercent,
  formatSpan,
  formatWindow,
  toLevel,
} from "../../page/format.ts";
import { toPrintable } from "../../lib/printable.ts";
import { CODES, paint } from "../color.ts";

/** Form of the lines. */
export interface UsageStyle {
  readonly isColored: boolean;
  /** The time to which spans are counted. */
  readonly now: Date;
}

const PLAN_WIDTH = 24;
const SHARE_WIDTH = 12;
/** Rows of a list, the one that counts the others included; all are in `--json`. */
const MOST_ROWS = 7;
const MOST_RUNNING = 10;
const MOST_NAME = 24;

const LEVEL_CODES = { ok: CODES.green, warn: CODES.yellow, bad: CODES.red } as const;

/** Without control characters, which a terminal would obey: names come from clients. */
const toPlain = (text: string): string => toPrintable(text, "?").slice(0, MOST_NAME);

const toSentence = (text: string): string => toPrintable(text, " ");

/** A bar with `part` (0 to 1) of it filled; anything at all shows. */
function formatBar(part: number, width: number, code: number, { isColored }: UsageStyle): string {
  const filled = part > 0 ? Math.max(1, Math.min(width, Math.round(part * width))) : 0;
  return paint("█".repeat(filled), code, isColored) + paint("░".repeat(width - filled), CODES.faint, isColored);
}

function formatReset({ resets_at: resetsAt }: WindowState, now: Date): string {
  if (resetsAt === null) return "begins with the next request";
  const time = new Date(resetsAt);
  return `resets in ${formatSpan(time.getTime() - now.getTime())}, ${formatMoment(time, now)}`;
}

function formatWindows(windows: readonly WindowState[], style: UsageStyle): string[] {
  const names = windows.map(({ name }) => toPlain(formatWindow(name)));
  const width = Math.max(...names.map(({ length }) => length));
  return windows.map((window, at) => {
    const bar = formatBar(window.utilization, PLAN_WIDTH, LEVEL_CODES[toLevel(window)], style);
    const percent = formatPercent(window.utilization).padStart(6);
    return `  ${(names[at] ?? "").padEnd(width)}  ${bar}${percent}  ${formatReset(window, style.now)}`;
  });
}

function formatPlan({ plan, plan_reason: reason, server }: Usage, style: UsageStyle): string[] {
  if (!plan) return [`  ${toSentence(reason ?? "not known")}`];
  const { plan_reserve: reserve, extra_usage: extraUsage } = server;
  const paid = extraUsage === "stop" ? "turns are stopped (--extra-usage stop)" : "turns are being paid for";
  return [
    ...formatWindows(plan.windows, style),
    ...(reserve > 0 ? [`  ${reserve} % of the 5 hours and the 7 days is kept for you (--plan-reserve)`] : []),
    ...(plan.overage.in_use ? [`  The plan is used up and extra usage is on: ${paid}`] : []),
  ];
}

function formatRunning(turns: readonly RunningTurn[], { now }: UsageStyle): string[] {
  const rows = turns.slice(0, MOST_RUNNING).map(({ client, model, start, began_at: beganAt, ...turn }) => {
    const rate = turn.tokens_per_second === null ? "" : `${Math.round(turn.tokens_per_second)} tokens/s`;
    const span = formatSpan(now.getTime() - Date.parse(beganAt));
    const names = `${toPlain(client).padEnd(16)}  ${toPlain(model).padEnd(MOST_NAME)}`;
    return `  ${names}  ${(start ?? "waits").padEnd(8)}  ${span.padEnd(8)}  ${rate}`;
  });
  return rows.map((row) => row.trimEnd());
}

/** The part of the prompts that the API read from its cache. */
function formatCached({ input, cached }: Readonly<Tokens>): string {
  return input + cached === 0 ? "–" : formatPercent(cached / (input + cached));
}

/** Shares of the same name over several days as one, most tokens first. */
function mergeShares(lists: readonly (readonly NamedShare[])[]): { name: string; requests: number; tokens: number }[] {
  const sums = new Map<string, { name: string; requests: number; tokens: number }>();
  for (const { name, requests, tokens } of lists.flat()) {
    const sum = sums.get(name) ?? { name, requests: 0, tokens: 0 };
    sum.requests += requests;
    sum.tokens += tokens.input + tokens.cached + tokens.output;
    sums.set(name, sum);
  }
  return [...sums.values()].sort((a, b) => b.tokens - a.tokens || b.requests - a.requests);
}

function formatShares(lists: readonly (readonly NamedShare[])[], style: UsageStyle): string[] {
  const shares = mergeShares(lists);
  const total = shares.reduce((sum, { tokens }) => sum + tokens, 0);
  const shown = shares.slice(0, shares.length > MOST_ROWS ? MOST_ROWS - 1 : MOST_ROWS);
  const width = Math.max(0, ...shown.map(({ name }) => toPlain(name).length));
  const more = shares.length - shown.length;
  return [
    ...shown.map(({ name, requests, tokens }) => {
      const part = total === 0 ? 0 : tokens / total;
      const bar = formatBar(part, SHARE_WIDTH, CODES.green, style);
      const counts = `${`${formatCount(tokens)} tokens`.padStart(15)}  ${formatCount(requests).padStart(6)} requests`;
      return `  ${toPlain(name).padEnd(width)}  ${bar}${formatPercent(part).padStart(6)}${counts}`;
    }),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

const SUM_COLUMNS = ["requests", "failed", "input", "cached", "output"] as const;
const SUM_WIDTHS = [9, 8, 10, 8, 10] as const;

function formatSum(name: string, days: Usage["days"]): string {
  const tokens = { input: 0, cached: 0, output: 0, thinking: 0 };
  let [requests, failed] = [0, 0];
  for (const day of days) {
    requests += day.requests;
    for (const count of Object.values(day.errors)) failed += count;
    tokens.input += day.tokens.input;
    tokens.cached += day.tokens.cached;
    tokens.output += day.tokens.output;
  }
  const input = formatCount(tokens.input + tokens.cached);
  const cells = [formatCount(requests), formatCount(failed), input, formatCached(tokens), formatCount(tokens.output)];
  return `  ${name.padEnd(8)}${cells.map((cell, at) => cell.padStart(SUM_WIDTHS[at] ?? 0)).join("")}`;
}

function formatSums({ days }: Usage, { now, isColored }: UsageStyle): string[] {
  const head = SUM_COLUMNS.map((name, at) => name.padStart(SUM_WIDTHS[at] ?? 0)).join("");
  return [
    paint(`  ${" ".repeat(8)}${head}`, CODES.faint, isColored),
    formatSum(
      "today",
      days.filter(({ date }) => date === toDate(now.getTime())),
    ),
    formatSum("31 days", days),
  ];
}

function formatState({ server, since }: Usage, { now, isColored }: UsageStyle): string[] {
  const { version, reason, fix } = server;
  const span = formatSpan(now.getTime() - Date.parse(since));
  if (reason === null) return [`claude-max-api ${toPlain(version)}, up for ${span}`];
  return [
    paint(`claude-max-api ${toPlain(version)} cannot serve: ${toSentence(reason)}`, CODES.red, isColored),
    ...(fix === null ? [] : [`  $ ${toSentence(fix)}`]),
  ];
}

/** All lines; ends with a newline. */
export function formatUsage(usage: Usage, style: UsageStyle): string {
  const { turns, days, latency } = usage;
  const { count, p50_ms: p50, p95_ms: p95 } = latency.hour;
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ["", paint(title, CODES.bold, style.isColored), ...lines];
  const delta = `  first delta in the last hour: p50 ${formatMs(p50)}, p95 ${formatMs(p95)}`;
  return [
    ...formatState(usage, style),
    ...section("Plan", formatPlan(usage, style)),
    ...section("Running now", formatRunning(turns, style)),
    ...section("Tokens", [...formatSums(usage, style), ...(count > 0 ? [delta] : [])]),
    ...section(
      "Models, 31 days",
      formatShares(
        days.map(({ models }) => models),
        style,
      ),
    ),
    ...section(
      "Clients, 31 days",
      formatShares(
        days.map(({ clients }) => clients),
        style,
      ),
    ),
    "",
  ].join("\n");
}
