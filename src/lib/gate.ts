/** A counting gate: so many inside at once, the others wait in line, first come first served. */

export interface Gate {
  /**
   * Waits for a place and gives the function that gives it back; calling that twice is safe.
   * A waiter whose signal aborts leaves the line.
   * @throws GateFullError when the line is full; the signal's reason when it aborts.
   */
  enter(signal?: AbortSignal): Promise<() => void>;
  readonly inside: number;
  readonly waiting: number;
}

/** The line in front of a gate has no room. */
export class GateFullError extends Error {}

/** Makes a gate of `places`, with at most `maxWaiting` in line. */
export function createGate(places: number, maxWaiting = Number.POSITIVE_INFINITY): Gate {
  const line = new Set<() => void>();
  let inside = 0;

  function admit(): () => void {
    inside++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inside--;
      const [next] = line;
      next?.();
    };
  }

  function inLine(signal: AbortSignal | undefined): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        line.delete(go);
        reject(signal?.reason);
      };
      const go = (): void => {
        line.delete(go);
        signal?.removeEventListener("abort", onAbort);
        resolve(admit());
      };
      line.add(go);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  return {
    async enter(signal) {
      signal?.throwIfAborted();
      if (inside < places) return admit();
      if (line.size >= maxWaiting) throw new GateFullError(`Cannot wait: ${line.size} are in line`);
      return inLine(signal);
    },
    get inside() {
      return inside;
    },
    get waiting() {
      return line.size;
    },
  };
}
