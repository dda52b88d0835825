/** A bounded map that lets go of the least recently used entry first, and of any entry after a time unused. */

/** The reason that an entry left the map: the bound, its age, a newer value under its key, or the owner's wish. */
export type DisposeReason = "evicted" | "idle" | "replaced" | "deleted" | "cleared";

/** The bounds of a map. */
export interface LruOptions<V> {
  /** Most entries held at once. 0 holds none. */
  readonly max: number;
  /** Milliseconds an entry may stay unused. */
  readonly idleMs: number;
  /** Most weight held at once, in whatever `weigh` counts in. */
  readonly maxWeight?: number;
  /** The weight of a value; 0 without it. Asked once, when the value is put. */
  readonly weigh?: (value: V) => number;
  /** Called for every value that leaves other than through `take`. */
  readonly dispose: (value: V, reason: DisposeReason) => void;
}

/** A bounded map. A value under a key that is put again is disposed of. */
export interface Lru<K, V> {
  /**
   * Adds a value, the youngest from now on. One that is too heavy by itself is disposed of at once and costs no other
   * its place.
   */
  put(key: K, value: V): void;
  /** Takes a value out: it is the caller's from then on, and is not disposed of. */
  take(key: K): V | undefined;
  /** Takes the value out if it is still the one under `key`, and disposes of it. */
  delete(key: K, value: V): void;
  /** Lets go of the entry unused for longest, as `evicted`; nothing when empty. */
  evict(): void;
  /** Disposes of every value. */
  clear(): void;
  /** Entries held now. */
  readonly size: number;
}

/** Makes an empty map. Idle entries are let go by a timer each, which does not keep the process alive. */
export function createLru<K, V>(options: LruOptions<V>): Lru<K, V> {
  const { max, idleMs, dispose, maxWeight = Infinity, weigh = () => 0 } = options;
  const entries = new Map<K, { readonly value: V; readonly weight: number; readonly timer: NodeJS.Timeout }>();
  let weight = 0;

  function remove(key: K): V | undefined {
    const entry = entries.get(key);
    if (!entry) return undefined;
    clearTimeout(entry.timer);
    entries.delete(key);
    weight -= entry.weight;
    return entry.value;
  }

  function drop(key: K, reason: DisposeReason): void {
    const value = remove(key);
    if (value !== undefined) dispose(value, reason);
  }

  return {
    put(key, value) {
      drop(key, "replaced");
      const own = weigh(value);
      if (max === 0 || own > maxWeight) return dispose(value, "evicted");
      const timer = setTimeout(() => drop(key, "idle"), idleMs);
      timer.unref();
      entries.set(key, { value, weight: own, timer });
      weight += own;
      // A Map keeps insertion order, so the first key is the one unused for longest.
      for (const oldest of entries.keys()) {
        if (entries.size <= max && weight <= maxWeight) break;
        drop(oldest, "evicted");
      }
    },
    take: remove,
    delete(key, value) {
      if (entries.get(key)?.value === value) drop(key, "deleted");
    },
    evict() {
      for (const oldest of entries.keys()) return drop(oldest, "evicted");
    },
    clear() {
      for (const key of [...entries.keys()]) drop(key, "cleared");
    },
    get size() {
      return entries.size;
    },
  };
}
