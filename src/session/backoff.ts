/** Retries after failures: a CLI that dies as a spare is likely to do so again, so each pause is twice the last. */
import type { Log } from "../lib/log.ts";

/** Settings of the retries. */
export interface BackoffOptions {
  /** Called once a pause is over. */
  readonly retry: () => void;
  /** Ends all retries. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Failures so far, and the pause that follows them. */
export interface Backoff {
  /** Records a failure. `startedAt`, by `performance.now()`, is the start of what has failed, if it had started. */
  fail(cause: string, startedAt?: number): void;
  /** True during a pause: nothing should be tried. */
  readonly isWaiting: boolean;
  /** Ends the pause without a retry. */
  close(): void;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
/** A spare that has lived this long did not die of how it was started. */
const SOUND_MS = 10_000;

/** Makes a backoff without failures. */
export function createBackoff({ retry, signal, log }: BackoffOptions): Backoff {
  let retryMs = FIRST_RETRY_MS;
  let timer: NodeJS.Timeout | undefined;
  return {
    fail(cause, startedAt) {
      if (signal.aborted || timer) return;
      if (startedAt !== undefined && performance.now() - startedAt > SOUND_MS) retryMs = FIRST_RETRY_MS;
      log.debug("spare not ready", { cause, retryMs });
      timer = setTimeout(() => {
        timer = undefined;
        if (!signal.aborted) retry();
      }, retryMs).unref();
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    },
    get isWaiting() {
      return timer !== undefined;
    },
    close() {
      clearTimeout(timer);
    },
  };
}
