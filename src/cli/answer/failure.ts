/** Failures of a turn, read from the CLI's codes and never from its prose, which is only passed on. */
import { toLoginSentence } from "../../core/credential.ts";
import { ProxyError, toErrorKind } from "../../core/error.ts";
import type { ErrorKind } from "../../core/error.ts";
import type { CliMessage, ResultMessage } from "../protocol/message.ts";

/** The CLI is about to ask the API again. */
export type RetryMessage = CliMessage & { type: "retry" };
/** An error that the CLI words as an assistant message. */
export type FailureMessage = CliMessage & { type: "failure" };
/** The state of a plan window. */
export type LimitMessage = CliMessage & { type: "rate_limit" };

/** The CLI goes on retrying for minutes; a client is better told after this (P71). */
const RETRY_PATIENCE_MS = 10_000;

/** Said where the environment is not known; the run words it with the variable in use. */
const LOGIN_NEEDED = toLoginSentence({});

const KIND_OF_CODE: ReadonlyMap<string, ErrorKind> = new Map([
  ["authentication_failed", "not_logged_in"],
  ["oauth_org_not_allowed", "forbidden"],
  ["billing_error", "credits_exhausted"],
  ["rate_limit", "rate_limited"],
  ["invalid_request", "invalid_request"],
  ["model_not_found", "model_not_found"],
  ["server_error", "upstream"],
  ["overloaded", "overloaded"],
]);

/** The limits that hold for the whole account; every other name is a single model's. */
const ACCOUNT_LIMITS = ["five_hour", "seven_day", "overage"];

/** The API's refusal of a prompt, and the CLI's own before it asks. */
const TOO_LONG = ["prompt_too_long", "blocking_limit"];

/** Advice to the user, for kinds whose own words say less. */
const ADVICE: Readonly<Partial<Record<ErrorKind, string>>> = {
  not_logged_in: LOGIN_NEEDED,
  extra_usage_required:
    "The API counts this request as one of a third-party app, which draws from paid extra usage and not from the " +
    "plan. Turn extra usage on or add to it at claude.ai/settings/usage, or use an API key; --extra-usage stop ends " +
    "turns that are paid for",
  credits_exhausted:
    "The account's allowance is used up. Add to it at claude.ai/settings/usage (with an API key: " +
    "platform.claude.com), or wait until the plan's limits reset",
};

function toSentence(kind: ErrorKind, words: string): string {
  return ADVICE[kind] ?? (words.trim() || "Cannot finish answer: the API refused");
}

/** The API's codes, and the CLI's, for a request that only paid extra usage would carry. */
const CREDIT_CODES = ["credits_required", "model_requires_usage_credits", "long_context_credits_required"];

/**
 * The one refusal that has no code of its own: a plain 400, told by the API's sentence. It is looked for in nothing but
 * the words of a result that is that error, where no text of a model or a user can stand.
 */
const THIRD_PARTY = /\bthird-party apps\b.*\bextra usage\b/i;

function toRefusal(result: ResultMessage, failure: FailureMessage | undefined): ErrorKind | undefined {
  if (CREDIT_CODES.includes(result.code ?? "") || CREDIT_CODES.includes(failure?.cause ?? ""))
    return "extra_usage_required";
  if (result.status === 400 && THIRD_PARTY.test(result.text)) return "extra_usage_required";
  return failure?.code === "billing_error" ? "credits_exhausted" : undefined;
}

/** The error a client gets when a plan limit is known to be reached, whether just now or from memory. */
export function toPlanLimitError(limit: string, resetsAtSeconds: number, nowMs = Date.now()): ProxyError {
  const resetsAt = new Date(resetsAtSeconds * 1000).toISOString();
  return new ProxyError("rate_limited", `Plan limit reached (${limit}): resets at ${resetsAt}`, {
    retryAfterSeconds: Math.max(1, Math.ceil(resetsAtSeconds - nowMs / 1000)),
    planLimit: ACCOUNT_LIMITS.includes(limit) ? "account" : "model",
  });
}

/** The error of a turn whose result is one. `limit` is a rejection the CLI told of before. */
export function toTurnError(result: ResultMessage, failure?: FailureMessage, limit?: LimitMessage): ProxyError {
  if (limit?.resetsAtSeconds !== undefined) return toPlanLimitError(limit.limit, limit.resetsAtSeconds);
  if (TOO_LONG.includes(result.reason))
    return new ProxyError("context_too_long", toSentence("context_too_long", result.text));
  const status = result.status ?? failure?.status;
  const refusal = toRefusal(result, failure);
  if (refusal) return new ProxyError(refusal, toSentence(refusal, result.text));
  const kind = status === undefined ? KIND_OF_CODE.get(failure?.code ?? "") : toErrorKind(status);
  return new ProxyError(kind ?? "bad_gateway", toSentence(kind ?? "bad_gateway", result.text));
}

/** The error of an answer that the CLI takes for a whole one, or would go on from, and that is not one here. */
export function createIncompleteError(cause: string): ProxyError {
  return new ProxyError("bad_gateway", `Cannot finish answer: ${cause}`);
}

function checkRetry({ status, attempt, delayMs }: RetryMessage, failingMs: number): void {
  if (status === 401 && attempt === 1) return;
  const isPassing = status === undefined || status >= 500;
  if (isPassing && failingMs + delayMs <= RETRY_PATIENCE_MS) return;
  if (status === undefined)
    throw new ProxyError("bad_gateway", "Cannot reach the API: the connection failed or broke off");
  const kind = toErrorKind(status);
  const isTimed = kind === "rate_limited" || kind === "overloaded";
  const details = isTimed ? { retryAfterSeconds: Math.max(1, Math.ceil(delayMs / 1000)) } : {};
  throw new ProxyError(kind, toSentence(kind, `The API answered with status ${status}`), details);
}

/** Decides which retries of the CLI are waited for. */
export interface Patience {
  /**
   * Lets a retry go on that may help, and gives up at one that cannot. A 401 is given one retry: the CLI may hold a
   * login that another process has just renewed. What the API or the network lacks for the moment gets 10 s. `limit` is
   * a rejection the CLI told of before.
   * @throws ProxyError to give up with.
   */
  check(retry: RetryMessage, limit?: LimitMessage): void;
  /** An API call has ended well: the next one has its own 10 s, however long the turn takes. */
  renew(): void;
}

/** Makes the patience of one turn; the first API call's begins once the CLI has answered the set-up. */
export function createPatience(elapsedMs: () => number): Patience {
  let failingSinceMs: number | undefined = 0;
  return {
    check(retry, limit) {
      if (retry.status === 429 && limit?.resetsAtSeconds !== undefined)
        throw toPlanLimitError(limit.limit, limit.resetsAtSeconds);
      failingSinceMs ??= elapsedMs();
      checkRetry(retry, elapsedMs() - failingSinceMs);
    },
    renew: () => void (failingSinceMs = undefined),
  };
}

/** Causes of a failure that the CLI tells of before the result. */
export interface Causes {
  failure?: FailureMessage;
  limit?: LimitMessage;
}

/** Records the cause of a failure to come, if the message tells one. */
export function recordCause(causes: Causes, message: CliMessage): void {
  if (message.type === "failure") causes.failure = message;
  else if (message.type === "rate_limit" && message.isRejected) causes.limit = message;
}
