/** Counters for Prometheus: they only grow, and no client can make new ones without end. Pure. */
import { HTTP_STATUS } from "../core/error.ts";
import type { ErrorKind } from "../core/error.ts";
import type { Start } from "../core/start.ts";
import { createHistogram, DURATION_BOUNDS, FIRST_DELTA_BOUNDS, observe } from "./histogram.ts";
import type { Histogram } from "./histogram.ts";
import { addTokens, createTokens, OTHER } from "./totals.ts";
import type { FinishedTurn, Tokens } from "./totals.ts";

/** Requests of one kind. */
export interface RequestCount {
  readonly protocol: string;
  readonly model: string;
  readonly status: number;
  count: number;
}

/** All counters since the server started. */
export interface Series {
  /** At most one per protocol, model and status that there are. */
  readonly requests: readonly RequestCount[];
  readonly errors: ReadonlyMap<ErrorKind, number>;
  readonly tokens: ReadonlyMap<string, Readonly<Tokens>>;
  readonly starts: Readonly<Record<Start, number>>;
  readonly firstDelta: Readonly<Record<Start, Histogram>>;
  readonly duration: Histogram;
}

/** The counters, and what makes them count. */
export interface SeriesCounter extends Series {
  add(turn: FinishedTurn): void;
}

/** Values of a label; the first so many have a series of their own, and the others share one. */
const MOST_MODELS = 32;
const MOST_PROTOCOLS = 12;

/** The HTTP status that a turn's outcome has. */
export function toStatus(error: ErrorKind | undefined): number {
  return error === undefined ? 200 : HTTP_STATUS[error];
}

function createNames(most: number): (name: string) => string {
  const names = new Set<string>();
  return (name) => {
    if (names.size < most) names.add(name);
    return names.has(name) ? name : OTHER;
  };
}

const toEach = <Value>(make: () => Value): Record<Start, Value> => ({
  hot: make(),
  forecast: make(),
  spare: make(),
  waiting: make(),
  cold: make(),
});

/** Makes counters at zero. */
export function createSeries(): SeriesCounter {
  const toModel = createNames(MOST_MODELS);
  const toProtocol = createNames(MOST_PROTOCOLS);
  const requests = new Map<string, RequestCount>();
  const errors = new Map<ErrorKind, number>();
  const tokens = new Map<string, Tokens>();
  const starts = toEach(() => 0);
  const firstDelta = toEach(() => createHistogram(FIRST_DELTA_BOUNDS));
  const duration = createHistogram(DURATION_BOUNDS);

  function countRequest(protocol: string, model: string, status: number): void {
    const key = `${protocol}\n${model}\n${status}`;
    const held = requests.get(key) ?? { protocol, model, status, count: 0 };
    held.count++;
    requests.set(key, held);
  }

  function countTokens(model: string, added: Readonly<Tokens>): void {
    const held = tokens.get(model) ?? createTokens();
    addTokens(held, added);
    tokens.set(model, held);
  }

  return {
    get requests() {
      return [...requests.values()];
    },
    errors,
    tokens,
    starts,
    firstDelta,
    duration,
    add({ protocol, model, start, error, tokens: used, firstDeltaMs, durationMs }) {
      const name = toModel(model);
      countRequest(toProtocol(protocol), name, toStatus(error));
      if (error) errors.set(error, (errors.get(error) ?? 0) + 1);
      countTokens(name, used);
      observe(duration, DURATION_BOUNDS, durationMs / 1000);
      if (!start) return;
      starts[start]++;
      if (firstDeltaMs !== undefined) observe(firstDelta[start], FIRST_DELTA_BOUNDS, firstDeltaMs / 1000);
    },
  };
}
