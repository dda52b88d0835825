/** The spares of each kind that were needed at once of late. Pure: it is told the time. */

/** One need, and the number of its kind at the same time. */
interface Need {
  readonly atMs: number;
  readonly atOnce: number;
}

/** The needs of the last 15 minutes, by kind. */
export interface Demand<Kind> {
  /** Records that a turn needed a process of this kind, whether a spare was there or not. */
  record(kind: Kind, nowMs: number): void;
  /** The kinds that were needed, the one needed most often first. */
  list(nowMs: number): Wanted<Kind>[];
}

/** A kind that was needed. */
export interface Wanted<Kind> {
  readonly kind: Kind;
  /** As many as were needed at once at least twice; 0 for a kind that was needed only once. */
  readonly level: number;
}

/** Needs count for this long. */
const WINDOW_MS = 15 * 60_000;
/** Needs this close together are at once: a spare is replaced after the first delta, and takes 300 ms to start. */
const AT_ONCE_MS = 500;
/** A need that was seen this often is taken for a pattern. */
const SEEN = 2;
/** Needs remembered of one kind, and kinds remembered. */
const MOST_NEEDS = 200;
const MOST_KINDS = 50;

function toLevel(needs: readonly Need[]): number {
  const levels = needs.map(({ atOnce }) => atOnce).sort((a, b) => b - a);
  return levels[SEEN - 1] ?? 0;
}

/** Makes an empty memory. `toKey` gives the same text for kinds that are alike. */
export function createDemand<Kind>(toKey: (kind: Kind) => string): Demand<Kind> {
  /** By key, the kind needed last at the end. */
  const memory = new Map<string, { readonly kind: Kind; readonly needs: readonly Need[] }>();

  const toRecent = (needs: readonly Need[], nowMs: number): Need[] =>
    needs.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);

  return {
    record(kind, nowMs) {
      const key = toKey(kind);
      const earlier = toRecent(memory.get(key)?.needs ?? [], nowMs);
      const atOnce = 1 + earlier.filter(({ atMs }) => nowMs - atMs < AT_ONCE_MS).length;
      memory.delete(key);
      memory.set(key, { kind, needs: [...earlier, { atMs: nowMs, atOnce }].slice(-MOST_NEEDS) });
      for (const oldest of memory.keys()) if (memory.size > MOST_KINDS) memory.delete(oldest);
    },
    list: (nowMs) =>
      [...memory.values()]
        .map(({ kind, needs }) => ({ kind, recent: toRecent(needs, nowMs) }))
        .filter(({ recent }) => recent.length > 0)
        .sort((a, b) => b.recent.length - a.recent.length)
        .map(({ kind, recent }) => ({ kind, level: toLevel(recent) })),
  };
}
