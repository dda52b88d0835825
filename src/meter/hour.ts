/**
 * The last hour by the minute: requests, and how long first deltas took. Pure; 60 minutes with at most 60 samples each.
 */

/** One minute as `/usage` shows it. */
export interface Minute {
  /** ISO time of its beginning. */
  readonly at: string;
  readonly requests: number;
  readonly errors: number;
  /** Milliseconds to the first delta; null when no turn had one. */
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
}

/** Time to the first delta, over some turns. */
export interface Quantiles {
  /** Turns that had a first delta. */
  readonly count: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
}

/** The memory of the last hour. */
export interface Hour {
  /** Counts a turn that ended now. `firstDeltaMs` is undefined when it had no delta. */
  add(isError: boolean, firstDeltaMs: number | undefined): void;
  /** The minutes in which turns ended, oldest first. */
  minutes(): Minute[];
  /** Over the whole hour. */
  quantiles(): Quantiles;
}

interface Slot {
  readonly minute: number;
  requests: number;
  errors: number;
  /** Turns that had a first delta, of which `samples` holds the last. */
  measured: number;
  readonly samples: number[];
}

const MINUTE_MS = 60_000;
const MINUTES = 60;
const MOST_SAMPLES = 60;

/** The value that the part `q` (0 to 1) of the sorted values does not exceed. */
function pick(sorted: readonly number[], q: number): number | null {
  const value = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
  return value === undefined ? null : Math.round(value);
}

function toMinute({ minute, requests, errors, samples }: Slot): Minute {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = new Date(minute * MINUTE_MS).toISOString();
  return { at, requests, errors, p50_ms: pick(sorted, 0.5), p95_ms: pick(sorted, 0.95) };
}

/** Makes an empty memory. `now` gives Unix milliseconds. */
export function createHour(now: () => number): Hour {
  let slots: Slot[] = [];

  function read(): Slot[] {
    const least = Math.floor(now() / MINUTE_MS) - MINUTES;
    if (slots[0] && slots[0].minute <= least) slots = slots.filter(({ minute }) => minute > least);
    return slots;
  }

  function toCurrent(): Slot | undefined {
    const last = read().at(-1);
    return last?.minute === Math.floor(now() / MINUTE_MS) ? last : undefined;
  }

  function open(): Slot {
    const slot: Slot = { minute: Math.floor(now() / MINUTE_MS), requests: 0, errors: 0, measured: 0, samples: [] };
    // A clock that was set back leaves minutes of the future.
    slots = read().filter(({ minute }) => minute < slot.minute);
    slots.push(slot);
    return slot;
  }

  return {
    add(isError, firstDeltaMs) {
      const slot = toCurrent() ?? open();
      slot.requests++;
      if (isError) slot.errors++;
      if (firstDeltaMs !== undefined) slot.samples[slot.measured++ % MOST_SAMPLES] = firstDeltaMs;
    },
    minutes: () => read().map(toMinute),
    quantiles() {
      const held = read();
      const sorted = held.flatMap(({ samples }) => samples).sort((a, b) => a - b);
      const count = held.reduce((sum, { measured }) => sum + measured, 0);
      return { count, p50_ms: pick(sorted, 0.5), p95_ms: pick(sorted, 0.95) };
    },
  };
}
