/** The spares that are wanted: their kinds, and how many of each. Pure: it is told the time. */
import type { OwnTools } from "../core/profile.ts";
import { createDemand } from "./demand.ts";

/** The way a spare was started. It decides which turns the spare can take. */
export interface Kind {
  readonly tools: OwnTools;
  /** Set where the model has to be named at the start, as for every replay. */
  readonly model?: string;
  /** True for a process that waits to be told a history; the others take the first turn of a conversation. */
  readonly isReplay: boolean;
}

/** Number and first kind of the spares. */
export interface TargetOptions {
  /** A number pins how many there are; `auto` follows what is needed. */
  readonly count: number | "auto";
  /** Most spares that `auto` may keep. */
  readonly max: number;
  /** The kind of the spare before anything was asked for. */
  readonly first: Kind;
}

/** The spares that are wanted. */
export interface Target {
  /** Most spares at once. */
  readonly most: number;
  /** Records that a turn needed a process of this kind. */
  record(kind: Kind, nowMs: number): void;
  /**
   * The kinds that are wanted, the most important first, one entry a spare; there may be more than `most`. The first is
   * for new conversations, and is always wanted.
   */
  list(nowMs: number): Kind[];
}

/** The same text for two kinds that are alike. */
export function toKindKey({ tools, model = "", isReplay }: Kind): string {
  return JSON.stringify([tools, model, isReplay]);
}

const isAlike = (a: Kind, b: Kind): boolean => toKindKey(a) === toKindKey(b);

/** Makes the target of one server. */
export function createTarget({ count, max, first }: TargetOptions): Target {
  const demand = createDemand(toKindKey);
  const most = count === "auto" ? max : count;
  /** The kind that was asked for twice in a row last, so that one request that differs does not cost its spare. */
  let base = first;
  let asked = first;

  /** One of each kind in use, then the second of each, and so on: no kind has two before another has one. */
  function listNeeded(nowMs: number): Kind[] {
    const wanted = demand.list(nowMs);
    const highest = Math.max(0, ...wanted.map(({ level }) => level));
    const rounds = Array.from({ length: highest }, (_, at) =>
      wanted.flatMap(({ kind, level }) => (level > at ? [kind] : [])),
    );
    // The first of its kind is wanted whatever is needed.
    const [first = [], ...others] = rounds;
    return [...first.filter((kind) => !isAlike(kind, base)), ...others.flat()];
  }

  return {
    most,
    record(kind, nowMs) {
      demand.record(kind, nowMs);
      if (kind.isReplay) return;
      if (isAlike(asked, kind)) base = kind;
      asked = kind;
    },
    list(nowMs) {
      if (most === 0) return [];
      const wanted = [base, ...listNeeded(nowMs)];
      // A number that was asked for is kept, however little is needed.
      const missing = count === "auto" ? 0 : Math.max(0, count - wanted.length);
      return [...wanted, ...Array.from({ length: missing }, () => base)];
    },
  };
}
