/** A memory of what the account refuses, so that clients that retry in storms are answered without a process. */
import { ProxyError } from "../core/error.ts";

/** Refusals by model, by account and by login. */
export interface Refusals {
  /** @throws ProxyError when a turn for this model is known to be refused now. */
  check(model: string): void;
  /**
   * Remembers a failure that will repeat: a plan's limit until its reset, a missing login for 5 s. Ignores every other.
   */
  record(error: ProxyError, model: string): void;
  /** Forgets a missing login; called when a turn went well. */
  clearLogin(): void;
}

/** A missing login is remembered this long: a storm is over by then, and the user may have signed in. */
const LOGIN_MEMORY_SECONDS = 5;
const ACCOUNT = "";
const LOGIN = "\0login";

/** Makes an empty memory. `now` gives milliseconds. */
export function createRefusals(now: () => number = Date.now): Refusals {
  const refusals = new Map<string, { readonly error: ProxyError; readonly untilMs: number }>();

  function recall(key: string): void {
    const refusal = refusals.get(key);
    if (!refusal) return;
    const leftMs = refusal.untilMs - now();
    if (leftMs <= 0) return void refusals.delete(key);
    const { kind, message, planLimit } = refusal.error;
    throw new ProxyError(kind, message, {
      ...(planLimit ? { planLimit, retryAfterSeconds: Math.ceil(leftMs / 1000) } : {}),
    });
  }

  return {
    check(model) {
      recall(LOGIN);
      recall(ACCOUNT);
      recall(model);
    },
    record(error, model) {
      if (error.kind === "not_logged_in") refusals.set(LOGIN, { error, untilMs: now() + LOGIN_MEMORY_SECONDS * 1000 });
      if (!error.planLimit || error.retryAfterSeconds === undefined) return;
      refusals.set(error.planLimit === "account" ? ACCOUNT : model, {
        error,
        untilMs: now() + error.retryAfterSeconds * 1000,
      });
    },
    clearLogin: () => void refusals.delete(LOGIN),
  };
}
