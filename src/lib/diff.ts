/** The difference of two texts by lines, after Myers. Source: "An O(ND) Difference Algorithm", Algorithmica 1986 */

/** Lines of one place that were replaced by others; either may be none. */
export interface Hunk {
  /** Index of the first line in the old text, and in the new one. */
  readonly oldAt: number;
  readonly newAt: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Furthest points on each diagonal, one map for each number of edits. */
function trace(before: readonly string[], after: readonly string[]): Map<number, number>[] {
  const steps: Map<number, number>[] = [];
  let reached = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= before.length + after.length; edits++) {
    steps.push(new Map(reached));
    const next = new Map(reached);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const [down, right] = [next.get(diagonal + 1) ?? -1, next.get(diagonal - 1) ?? -1];
      let x = diagonal === -edits || (diagonal !== edits && right < down) ? down : right + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return steps;
    }
    reached = next;
  }
  return steps;
}

/** Marks the lines that are only in the old text, and only in the new one. */
function mark(before: readonly string[], after: readonly string[]): { removed: Set<number>; added: Set<number> } {
  const removed = new Set<number>();
  const added = new Set<number>();
  let [x, y] = [before.length, after.length];
  const steps = trace(before, after);
  for (let edits = steps.length - 1; edits > 0; edits--) {
    const reached = steps[edits] ?? new Map<number, number>();
    const diagonal = x - y;
    const [down, right] = [reached.get(diagonal + 1) ?? -1, reached.get(diagonal - 1) ?? -1];
    const isDown = diagonal === -edits || (diagonal !== edits && right < down);
    const fromX = isDown ? down : right;
    const fromY = fromX - (isDown ? diagonal + 1 : diagonal - 1);
    if (isDown) added.add(fromY);
    else removed.add(fromX);
    [x, y] = [fromX, fromY];
  }
  return { removed, added };
}

/** The hunks that make the new lines of the old ones, in order. */
export function diffLines(before: readonly string[], after: readonly string[]): Hunk[] {
  const { removed, added } = mark(before, after);
  const hunks: Hunk[] = [];
  let [oldAt, newAt] = [0, 0];
  while (oldAt < before.length || newAt < after.length) {
    if (!removed.has(oldAt) && !added.has(newAt)) {
      [oldAt, newAt] = [oldAt + 1, newAt + 1];
      continue;
    }
    const [oldFrom, newFrom] = [oldAt, newAt];
    while (removed.has(oldAt)) oldAt++;
    while (added.has(newAt)) newAt++;
    hunks.push({
      oldAt: oldFrom,
      newAt: newFrom,
      before: before.slice(oldFrom, oldAt),
      after: after.slice(newFrom, newAt),
    });
  }
  return hunks;
}

/** Unchanged lines shown around a hunk. */
const CONTEXT = 2;

/** The hunks as people read them: `-` before removed lines, `+` before added ones, some unchanged ones around. */
export function formatHunks(before: readonly string[], hunks: readonly Hunk[]): string[] {
  return hunks.flatMap((hunk, index) => {
    const from = Math.max(
      hunk.oldAt - CONTEXT,
      0,
      (hunks[index - 1]?.oldAt ?? 0) + (hunks[index - 1]?.before.length ?? 0),
    );
    const to = hunk.oldAt + hunk.before.length;
    const until = Math.min(to + CONTEXT, hunks[index + 1]?.oldAt ?? before.length);
    return [
      `@@ line ${hunk.oldAt + 1} @@`,
      ...before.slice(from, hunk.oldAt).map((line) => ` ${line}`),
      ...hunk.before.map((line) => `-${line}`),
      ...hunk.after.map((line) => `+${line}`),
      ...before.slice(to, until).map((line) => ` ${line}`),
    ];
  });
}
