/** A wait that is given up when nothing has happened for too long. */

/** Limit of a wait. */
export interface SilenceOptions {
  readonly signal: AbortSignal;
  /** Longest silence, in milliseconds. */
  readonly limitMs: number;
  /**
   * The time of the last sign of life, by `performance.now()`. Asked only when the time is up, so a busy source costs
   * nothing.
   */
  readonly lastAt: () => number;
  readonly toError: () => Error;
}

/**
 * Runs `wait` with a signal that aborts when `signal` does, or once there has been silence for `limitMs`. A signal that
 * has aborted before rejects at once, without a call of `wait`.
 * @throws what `wait` throws when its signal aborts: the reason of `signal`, or `toError()`.
 */
export async function withinSilence<T>(options: SilenceOptions, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, limitMs, lastAt, toError } = options;
  // A signal that has aborted already tells no listener.
  signal.throwIfAborted();
  const silence = new AbortController();
  const startedAt = performance.now();
  const onAbort = (): void => silence.abort(signal.reason);
  const onTime = (): void => {
    const leftMs = Math.max(lastAt(), startedAt) + limitMs - performance.now();
    if (leftMs > 0) timer = setTimeout(onTime, leftMs);
    else silence.abort(toError());
  };
  let timer = setTimeout(onTime, limitMs);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await wait(silence.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
