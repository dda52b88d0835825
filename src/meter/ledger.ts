/** Everything that is summed up over finished turns. Pure: it is told the time. */
import { STARTS } from "../core/start.ts";
import type { Start } from "../core/start.ts";
import { addDay, addToGroups, addTurnToDay, createDay, toDate, toFirstDate } from "./day.ts";
import type { Day, Groups } from "./day.ts";
import { DURATION_BOUNDS, FIRST_DELTA_BOUNDS, toCount, toQuantile } from "./histogram.ts";
import type { Histogram } from "./histogram.ts";
import { createHour } from "./hour.ts";
import type { Quantiles } from "./hour.ts";
import { createSeries, toStatus } from "./series.ts";
import type { Series } from "./series.ts";
import { addTurn, createTotals } from "./totals.ts";
import type { FinishedTurn, NamedShare } from "./totals.ts";
import type { Metered, RecentTurn } from "./usage.ts";

/** The part of `/usage` that only finished turns change. */
export type Sums = Pick<
  Metered,
  "totals" | "days" | "models" | "clients" | "protocols" | "latency" | "hour" | "recent"
>;

/** The sums, and what they are made of. */
export interface Ledger {
  /** Counts a turn that ended now. */
  add(turn: FinishedTurn): void;
  /** All sums. They go on changing: to be written out at once. */
  read(): Sums;
  /**
   * The same, where `days`, `hour` and `recent` hold only what has changed since the last call; undefined when nothing
   * has.
   */
  takeChange(): Sums | undefined;
  /** Adds days that were known before. */
  addDays(days: readonly Day[]): void;
  /** Days as far as they were not taken yet: what there is to save. */
  takeDays(): Day[];
  readonly series: Series;
}

/** Days that are kept in mind, with today. */
const MOST_DAYS = 31;
const MOST_RECENT = 200;
const MINUTE_MS = 60_000;

interface DayBook {
  /** The day of this date, which is added when it is not there; the oldest then makes room. */
  at(date: string): Day;
  /** Those from a date on, else all; oldest first. */
  list(first?: string): Day[];
  clear(): void;
}

function createDayBook(most: number): DayBook {
  const days = new Map<string, Day>();
  const list = (first = ""): Day[] =>
    [...days.values()].filter(({ date }) => date >= first).sort((a, b) => (a.date < b.date ? -1 : 1));
  return {
    at(date) {
      const held = days.get(date) ?? createDay(date);
      days.set(date, held);
      if (days.size > most) days.delete(list()[0]?.date ?? "");
      return held;
    },
    list,
    clear: () => days.clear(),
  };
}

const byUse = (shares: readonly NamedShare[]): NamedShare[] => [...shares].sort((a, b) => b.requests - a.requests);

function toQuantiles(histogram: Histogram, bounds: readonly number[]): Quantiles {
  const toMs = (q: number): number | null => {
    const seconds = toQuantile(histogram, bounds, q);
    return seconds === undefined ? null : Math.round(seconds * 1000);
  };
  return { count: toCount(histogram), p50_ms: toMs(0.5), p95_ms: toMs(0.95) };
}

function toStarts({ firstDelta }: Series): Record<Start, Quantiles> {
  const pairs = STARTS.map((start) => [start, toQuantiles(firstDelta[start], FIRST_DELTA_BOUNDS)] as const);
  return Object.fromEntries(pairs) as Record<Start, Quantiles>;
}

function toRecent(turn: FinishedTurn): RecentTurn {
  return {
    id: turn.id,
    request_id: turn.requestId,
    at: new Date(turn.startedAtMs).toISOString(),
    protocol: turn.protocol,
    client: turn.client,
    model: turn.model,
    status: toStatus(turn.error),
    error: turn.error ?? null,
    start: turn.start ?? null,
    ms: Math.round(turn.durationMs),
    first_delta_ms: turn.firstDeltaMs === undefined ? null : Math.round(turn.firstDeltaMs),
    tokens: turn.tokens,
  };
}

/** The whole days and minutes that have changed: those that were not over yet at that time, and all later ones. */
function sinceTime(sums: Sums, timeMs: number): Sums {
  const date = toDate(timeMs);
  return {
    ...sums,
    days: sums.days.filter((day) => day.date >= date),
    hour: sums.hour.filter(({ at }) => Date.parse(at) > timeMs - MINUTE_MS),
  };
}

/** Makes an empty ledger. `now` gives Unix milliseconds. */
export function createLedger(now: () => number): Ledger {
  const totals = createTotals();
  const groups: Groups = { models: [], clients: [], protocols: [] };
  const days = createDayBook(MOST_DAYS);
  const unsaved = createDayBook(MOST_DAYS);
  const hour = createHour(now);
  const series = createSeries();
  /** Newest last. */
  let recent: FinishedTurn[] = [];
  /** Number of those that were not told yet. */
  let untold = 0;
  let lastTakeMs = now();

  /** The newest, newest first. */
  const toRecents = (count: number): RecentTurn[] =>
    count === 0 ? [] : recent.slice(-count).toReversed().map(toRecent);

  const read = (): Sums => ({
    totals,
    days: days.list(toFirstDate(now(), MOST_DAYS)),
    models: byUse(groups.models),
    clients: byUse(groups.clients),
    protocols: byUse(groups.protocols),
    latency: {
      hour: hour.quantiles(),
      starts: toStarts(series),
      duration: toQuantiles(series.duration, DURATION_BOUNDS),
    },
    hour: hour.minutes(),
    recent: toRecents(MOST_RECENT),
  });

  return {
    add(turn) {
      const date = toDate(now());
      addTurn(totals, turn);
      addToGroups(groups, turn);
      addTurnToDay(days.at(date), turn);
      addTurnToDay(unsaved.at(date), turn);
      hour.add(turn.error !== undefined, turn.firstDeltaMs);
      series.add(turn);
      recent.push(turn);
      // Cut now and then: each cut copies all.
      if (recent.length >= 2 * MOST_RECENT) recent = recent.slice(-MOST_RECENT);
      untold = Math.min(untold + 1, MOST_RECENT);
    },
    read,
    takeChange() {
      if (untold === 0) return undefined;
      const change = { ...sinceTime(read(), lastTakeMs), recent: toRecents(untold) };
      untold = 0;
      lastTakeMs = now();
      return change;
    },
    addDays(known) {
      for (const day of known) addDay(days.at(day.date), day);
    },
    takeDays() {
      const taken = unsaved.list();
      unsaved.clear();
      return taken;
    },
    series,
  };
}
