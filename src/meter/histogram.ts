/**
 * Counts of durations by size, from which Prometheus and people read how long things take. Plain data and pure
 * functions.
 */

/** Durations counted by the bucket they fall into. */
export interface Histogram {
  /**
   * One count per bound, of what is above the bound before and not above this one; one more for what is above the last.
   */
  counts: number[];
  /** All durations together, in seconds. */
  sum: number;
}

/**
 * Upper bounds in seconds for the time to the first delta. A hot turn takes tens of milliseconds more than the API, a
 * cold one half a second.
 */
export const FIRST_DELTA_BOUNDS: readonly number[] = [0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60];

/** Upper bounds in seconds for whole turns, which may take minutes. */
export const DURATION_BOUNDS: readonly number[] = [0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800];

/** A histogram of nothing. */
export function createHistogram(bounds: readonly number[]): Histogram {
  return { counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
}

/** Counts one duration in seconds. */
export function observe(histogram: Histogram, bounds: readonly number[], seconds: number): void {
  const found = bounds.findIndex((bound) => seconds <= bound);
  const at = found === -1 ? bounds.length : found;
  histogram.counts[at] = (histogram.counts[at] ?? 0) + 1;
  histogram.sum += seconds;
}

/** Adds what `source` has counted; both have the same bounds. */
export function addHistogram(target: Histogram, source: Histogram): void {
  target.counts = target.counts.map((count, at) => count + (source.counts[at] ?? 0));
  target.sum += source.sum;
}

/** Number of durations counted. */
export function toCount({ counts }: Histogram): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The duration in seconds that the part `q` (0 to 1) does not exceed: exact to a bucket, and linear within it. What
 * lies above the last bound is taken for that bound. Undefined when nothing was counted.
 */
export function toQuantile(histogram: Histogram, bounds: readonly number[], q: number): number | undefined {
  const total = toCount(histogram);
  if (total === 0) return undefined;
  const wanted = q * total;
  let below = 0;
  for (const [at, bound] of bounds.entries()) {
    const count = histogram.counts[at] ?? 0;
    if (count > 0 && below + count >= wanted) {
      const least = bounds[at - 1] ?? 0;
      return least + ((bound - least) * (wanted - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1);
}
