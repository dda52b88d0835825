/** The spares that stand weighed against those that are wanted: the next one to start, and those to end. Pure. */
import { toKindKey } from "./target.ts";
import type { Kind } from "./target.ts";

/** A spare, as far as it is weighed. */
export interface Standing {
  readonly kind: Kind;
  /** By `performance.now()`. */
  readonly startedAt: number;
  /** False for one that is ending: it leaves by itself, and is not replaced before. */
  readonly isAlive: boolean;
}

/** The room for one spare more. */
export interface SpareRoom {
  /** Most spares at once. */
  readonly most: number;
  /** The number of processes that the free memory of the machine can hold besides. */
  readonly countRoom: () => number;
  readonly nowMs: number;
}

/** A process takes the memory it needs within this time; until then the machine's free memory does not show it. */
const GROWTH_MS = 5000;

/** The items of `all` that are left when one like each of `others` is taken out, from the front. */
function subtract<Item>(all: readonly Item[], others: readonly Kind[], toKind: (item: Item) => Kind): Item[] {
  const keys = others.map(toKindKey);
  return all.filter((item) => {
    const at = keys.indexOf(toKindKey(toKind(item)));
    if (at !== -1) keys.splice(at, 1);
    return at === -1;
  });
}

const kindsOf = (spares: readonly Standing[]): Kind[] => spares.map(({ kind }) => kind);

function findMissing(wanted: readonly Kind[], spares: readonly Standing[]): Kind | undefined {
  return subtract(wanted, kindsOf(spares), (kind) => kind)[0];
}

/** The kind to start next; undefined when all that are wanted stand, or there is no room for one more. */
export function chooseNext(
  wanted: readonly Kind[],
  spares: readonly Standing[],
  { most, countRoom, nowMs }: SpareRoom,
): Kind | undefined {
  const missing = findMissing(wanted, spares);
  if (!missing || spares.length >= most) return undefined;
  const young = spares.filter(({ startedAt }) => nowMs - startedAt < GROWTH_MS).length;
  return spares.length === 0 || countRoom() > young ? missing : undefined;
}

/** The last spare that is not the first of its kind. */
function findSecond<Spare extends Standing>(spares: readonly Spare[]): Spare | undefined {
  const keys = spares.map(({ kind }) => toKindKey(kind));
  return spares.findLast((_, at) => keys.indexOf(keys[at] as string) < at);
}

/**
 * The spares to end. One that is wanted stays, also beyond `most`, so that no two kinds push each other out. At the
 * bound a kind without a spare pushes out the second of another kind, and the most important kind the last that was
 * started.
 */
export function chooseEnds<Spare extends Standing>(
  wanted: readonly Kind[],
  spares: readonly Spare[],
  most: number,
): Spare[] {
  const alive = spares.filter(({ isAlive }) => isAlive);
  const unwanted = new Set(subtract(alive, wanted, ({ kind }) => kind));
  const left = spares.filter((spare) => !unwanted.has(spare));
  if (left.length < most) return [...unwanted];
  const isWithout = (kind: Kind | undefined): boolean => kind !== undefined && findMissing([kind], left) !== undefined;
  const second = isWithout(findMissing(wanted, left)) ? findSecond(left) : undefined;
  const pushedOut = second ?? (isWithout(wanted[0]) ? left.at(-1) : undefined);
  return pushedOut ? [...unwanted, pushedOut] : [...unwanted];
}
