/** A queue between one pushing and one taking side, weighed so that the pushing side can be told to hold back. */

/** Backpressure of a queue. */
export interface QueueOptions {
  /** Weight above which `onFull` is called. The queue still takes what is pushed: the caller stops the source. */
  readonly highWater: number;
  /** Called once when the weight rises above `highWater`. */
  readonly onFull?: () => void;
  /** Called once when a queue that was full has been emptied. */
  readonly onDrained?: () => void;
}

/** A queue for one pushing and one taking side. */
export interface Queue<T> {
  /** Adds an item; ignored once the queue has failed. */
  push(item: T, weight: number): void;
  /** Ends the queue: what was pushed before is still given out, then every `take` rejects with `error`. */
  fail(error: unknown): void;
  /**
   * Gives all that waits, in order; waits while there is nothing. One taker at a time. Rejects when `signal` aborts.
   */
  take(signal: AbortSignal): Promise<T[]>;
  /** Weight of what waits. */
  readonly weight: number;
}

/** Makes an empty queue. */
export function createQueue<T>(options: QueueOptions): Queue<T> {
  const { highWater, onFull, onDrained } = options;
  let items: T[] = [];
  let weight = 0;
  let full = false;
  let failure: { readonly error: unknown } | undefined;
  let wake: (() => void) | undefined;

  function takeAll(): T[] {
    const taken = items;
    items = [];
    weight = 0;
    if (full) {
      full = false;
      onDrained?.();
    }
    return taken;
  }

  function woken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        wake = undefined;
        reject(signal.reason);
      };
      wake = () => {
        wake = undefined;
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  return {
    push(item, itemWeight) {
      if (failure) return;
      items.push(item);
      weight += itemWeight;
      if (!full && weight > highWater) {
        full = true;
        onFull?.();
      }
      wake?.();
    },
    fail(error) {
      failure ??= { error };
      wake?.();
    },
    async take(signal) {
      for (;;) {
        signal.throwIfAborted();
        if (items.length > 0) return takeAll();
        if (failure) throw failure.error;
        await woken(signal);
      }
    },
    get weight() {
      return weight;
    },
  };
}
