/** Sums over turns: of all, of a day, of a model, a client or a protocol. Plain data and pure functions. */
import type { ErrorKind } from "../core/error.ts";
import { STARTS } from "../core/start.ts";
import type { Start } from "../core/start.ts";
import { addHistogram, createHistogram, DURATION_BOUNDS, FIRST_DELTA_BOUNDS, observe } from "./histogram.ts";
import type { Histogram } from "./histogram.ts";

/** Token counts. `input` and `cached` together are the prompt; `thinking` is a part of `output`. */
export interface Tokens {
  /** Went in and was not read from the prompt cache; what was written to it is among them. */
  input: number;
  /** Went in and was read from the prompt cache. */
  cached: number;
  output: number;
  /** Undercounts turns whose API does not tell. */
  thinking: number;
}

/** A turn that is over, without a word of its content. */
export interface FinishedTurn {
  /** The server's own id, unique until it stops. */
  readonly id: string;
  /** The answer's `x-request-id`, which a client may choose. */
  readonly requestId: string;
  readonly protocol: string;
  readonly client: string;
  readonly model: string;
  /** Undefined when the turn ended before it had a process. */
  readonly start: Start | undefined;
  /** Undefined for a success. */
  readonly error: ErrorKind | undefined;
  readonly tokens: Readonly<Tokens>;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** From the request to the first delta; undefined when there was none. */
  readonly firstDeltaMs: number | undefined;
}

/** Totals of some of the turns. */
export interface Share {
  requests: number;
  /** Those that failed, of whatever kind. */
  errors: number;
  tokens: Tokens;
}

/** The share of one model, client or protocol. */
export interface NamedShare extends Share {
  readonly name: string;
}

/** Totals of all turns of a time. */
export interface Totals {
  requests: number;
  errors: Partial<Record<ErrorKind, number>>;
  tokens: Tokens;
  starts: Record<Start, number>;
  first_delta: Histogram;
  duration: Histogram;
}

/** The name under which the rest is counted once a list is full. */
export const OTHER = "other";

/** No tokens. */
export const createTokens = (): Tokens => ({ input: 0, cached: 0, output: 0, thinking: 0 });

/** Totals of no turn. */
export function createTotals(): Totals {
  return {
    requests: 0,
    errors: {},
    tokens: createTokens(),
    starts: { hot: 0, forecast: 0, spare: 0, waiting: 0, cold: 0 },
    first_delta: createHistogram(FIRST_DELTA_BOUNDS),
    duration: createHistogram(DURATION_BOUNDS),
  };
}

/** Adds token counts to token counts. */
export function addTokens(target: Tokens, source: Readonly<Tokens>): void {
  target.input += source.input;
  target.cached += source.cached;
  target.output += source.output;
  target.thinking += source.thinking;
}

/** Counts a turn. */
export function addTurn(totals: Totals, turn: FinishedTurn): void {
  totals.requests++;
  if (turn.error) totals.errors[turn.error] = (totals.errors[turn.error] ?? 0) + 1;
  addTokens(totals.tokens, turn.tokens);
  if (turn.start) totals.starts[turn.start]++;
  if (turn.firstDeltaMs !== undefined) observe(totals.first_delta, FIRST_DELTA_BOUNDS, turn.firstDeltaMs / 1000);
  observe(totals.duration, DURATION_BOUNDS, turn.durationMs / 1000);
}

/** Adds totals to totals. */
export function addTotals(target: Totals, source: Totals): void {
  target.requests += source.requests;
  for (const [kind, count] of Object.entries(source.errors) as [ErrorKind, number][])
    target.errors[kind] = (target.errors[kind] ?? 0) + count;
  addTokens(target.tokens, source.tokens);
  for (const start of STARTS) target.starts[start] += source.starts[start];
  addHistogram(target.first_delta, source.first_delta);
  addHistogram(target.duration, source.duration);
}

/** One turn as a total. */
export function toShare(turn: FinishedTurn): Share {
  return { requests: 1, errors: turn.error ? 1 : 0, tokens: { ...turn.tokens } };
}

function addTo(target: Share, source: Share): void {
  target.requests += source.requests;
  target.errors += source.errors;
  addTokens(target.tokens, source.tokens);
}

function findOrAdd(shares: NamedShare[], name: string): NamedShare {
  const found = shares.find((share) => share.name === name);
  if (found) return found;
  const added = { name, requests: 0, errors: 0, tokens: createTokens() };
  shares.push(added);
  return added;
}

/** Counts the name with the fewest requests as `other` from now on. */
function foldLeast(shares: NamedShare[]): void {
  let least: NamedShare | undefined;
  for (const share of shares) if (share.name !== OTHER && (!least || share.requests < least.requests)) least = share;
  if (!least) return;
  shares.splice(shares.indexOf(least), 1);
  addTo(findOrAdd(shares, OTHER), least);
}

/**
 * Adds to the share of `name`. A list of `most` names, `other` not counted, makes room for a new one by folding the
 * name with the fewest requests into `other`: so those who matter keep their own row, however many names a client makes
 * up.
 */
export function addShare(shares: NamedShare[], name: string, share: Share, most: number): void {
  if (shares.length >= most && name !== OTHER && !shares.some((held) => held.name === name)) {
    const isRoomFor = shares.length === most && shares.some((held) => held.name === OTHER);
    if (!isRoomFor) foldLeast(shares);
  }
  addTo(findOrAdd(shares, name), share);
}
