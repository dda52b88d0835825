/** Why a turn failed: codes before prose, patience before giving up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPatience, toPlanLimitError, toTurnError } from "../../../src/cli/answer/failure.ts";
import type { FailureMessage, LimitMessage, RetryMessage } from "../../../src/cli/answer/failure.ts";
import type { ResultMessage } from "../../../src/cli/protocol/message.ts";
import { ProxyError } from "../../../src/core/error.ts";

const RESULT: ResultMessage = {
  type: "result",
  isError: true,
  status: undefined,
  reason: "error",
  text: "words",
};
const failed = (code: string, status?: number): FailureMessage => ({ type: "failure", code, status });
const retry = (status: number | undefined, attempt = 1, delayMs = 500): RetryMessage => ({
  type: "retry",
  attempt,
  delayMs,
  status,
});
/** The error a retry is given up with, if it is. */
function toRetryError(message: RetryMessage, elapsedMs: number, limit?: LimitMessage): ProxyError | undefined {
  try {
    createPatience(() => elapsedMs).check(message, limit);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ProxyError);
    return error;
  }
}

const NOW_MS = 1_700_000_000_000;

test("a plan's limit is told with its name, its reset time and the seconds until then", () => {
  const error = toPlanLimitError("five_hour", NOW_MS / 1000 + 90, NOW_MS);
  assert.deepEqual([error.kind, error.retryAfterSeconds, error.planLimit], ["rate_limited", 90, "account"]);
  assert.equal(error.message, "Plan limit reached (five_hour): resets at 2023-11-14T22:14:50.000Z");
});

test("seconds until the reset are rounded up, and at least 1, also once it is past", () => {
  assert.equal(toPlanLimitError("five_hour", NOW_MS / 1000 + 90, NOW_MS + 1).retryAfterSeconds, 90);
  assert.equal(toPlanLimitError("five_hour", NOW_MS / 1000, NOW_MS).retryAfterSeconds, 1);
  assert.equal(toPlanLimitError("five_hour", NOW_MS / 1000 - 100, NOW_MS).retryAfterSeconds, 1);
});

test("limits of the account hold for every model, any other for the one asked for", () => {
  for (const limit of ["five_hour", "seven_day", "overage"])
    assert.equal(toPlanLimitError(limit, 1, 0).planLimit, "account", limit);
  for (const limit of ["seven_day_opus", "seven_day_sonnet", "new_limit", ""])
    assert.equal(toPlanLimitError(limit, 1, 0).planLimit, "model", limit);
});

test("a limit that was told before comes before all else, if it says when it ends", () => {
  const limit: LimitMessage = {
    type: "rate_limit",
    isRejected: true,
    limit: "seven_day",
    resetsAtSeconds: 4_000_000_000,
  };
  assert.equal(toTurnError({ ...RESULT, status: 429 }, undefined, limit).planLimit, "account");
  assert.equal(
    toTurnError({ ...RESULT, status: 429 }, undefined, { ...limit, resetsAtSeconds: undefined }).planLimit,
    undefined,
  );
});

test("the result's status comes before the failure's, and a status before a code", () => {
  assert.equal(toTurnError({ ...RESULT, status: 529 }, failed("rate_limit", 429)).kind, "overloaded");
  assert.equal(toTurnError(RESULT, failed("server_error", 429)).kind, "rate_limited");
  assert.equal(toTurnError(RESULT, failed("server_error")).kind, "upstream");
  assert.equal(toTurnError(RESULT, failed("model_not_found")).kind, "model_not_found");
});

test("a prompt that is too long is known by its reason", () => {
  assert.equal(toTurnError({ ...RESULT, reason: "prompt_too_long", status: 400 }).kind, "context_too_long");
});

test("a failure without a code is a bad gateway, and one without words has ours", () => {
  assert.deepEqual([toTurnError(RESULT).kind, toTurnError(RESULT).message], ["bad_gateway", "words"]);
  for (const text of ["", " \n"]) assert.match(toTurnError({ ...RESULT, text }).message, /^Cannot finish answer/);
});

test("a first 401 is given one more try, a second is a lost login", () => {
  assert.equal(toRetryError(retry(401, 1), 0), undefined);
  const error = toRetryError(retry(401, 2), 0);
  assert.equal(error?.kind, "not_logged_in");
  assert.match(error.message, /claude auth login/);
});

test("a retry at a plan's limit is told with the limit's reset", () => {
  const limit: LimitMessage = {
    type: "rate_limit",
    isRejected: true,
    limit: "seven_day",
    resetsAtSeconds: 4_000_000_000,
  };
  assert.equal(toRetryError(retry(429), 0, limit)?.planLimit, "account");
});

test("a 429 is told at once, with the delay in whole seconds", () => {
  const error = toRetryError(retry(429, 1, 20_700), 0);
  assert.deepEqual([error?.kind, error?.retryAfterSeconds, error?.planLimit], ["rate_limited", 21, undefined]);
  assert.equal(toRetryError(retry(429, 1, 0), 0)?.retryAfterSeconds, 1);
});

test("what a repeat cannot mend is told at once", () => {
  for (const status of [400, 403, 404]) assert.ok(toRetryError(retry(status), 0), String(status));
});

test("what passes is waited for as long as the next try falls within 10 seconds", () => {
  for (const status of [500, 502, 503, 529, undefined]) {
    assert.equal(toRetryError(retry(status, 3, 1000), 9000), undefined, String(status));
    assert.ok(toRetryError(retry(status, 3, 1001), 9000), String(status));
    assert.ok(toRetryError(retry(status, 1, 60_000), 0), String(status));
  }
});

test("when patience ends the kind is the status's, and an API that cannot be reached is a bad gateway", () => {
  assert.equal(toRetryError(retry(500), 10_000)?.kind, "upstream");
  assert.deepEqual(
    [toRetryError(retry(529, 1, 3000), 10_000)?.kind, toRetryError(retry(529, 1, 3000), 10_000)?.retryAfterSeconds],
    ["overloaded", 3],
  );
  const unreachable = toRetryError(retry(undefined), 10_000);
  assert.equal(unreachable?.kind, "bad_gateway");
  assert.match(unreachable.message, /reach/);
});

test("a request that only paid extra usage would carry has its own kind, told by codes, or by the one sentence that has none", () => {
  const sentence =
    'API Error: 400 {"type":"error","error":{"type":"invalid_request_error","message":"Third-party apps now draw from your ' +
    'extra usage, not your plan limits. Add more at claude.ai/settings/usage and keep going."}}';
  const kind = "extra_usage_required";
  assert.equal(toTurnError({ ...RESULT, status: 429, code: "credits_required" }).kind, kind);
  assert.equal(toTurnError(RESULT, { ...failed("rate_limit", 429), cause: "model_requires_usage_credits" }).kind, kind);
  const error = toTurnError({ ...RESULT, status: 400, text: sentence });
  assert.equal(error.kind, kind);
  assert.match(error.message, /claude\.ai\/settings\/usage/);
  // The same words mean nothing where they are not the API's refusal.
  assert.equal(toTurnError({ ...RESULT, status: 500, text: sentence }).kind, "upstream");
  assert.equal(toTurnError({ ...RESULT, status: 400, text: "Third-party apps are fine" }).kind, "invalid_request");
});

test("a used-up allowance has its own kind, and says what to do", () => {
  for (const error of [toTurnError(RESULT, failed("billing_error")), toTurnError({ ...RESULT, status: 402 })]) {
    assert.equal(error.kind, "credits_exhausted");
    assert.match(error.message, /allowance is used up/);
  }
});
