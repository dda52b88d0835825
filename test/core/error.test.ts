/** Failures: what each status means, and that nothing unforeseen is told to a client. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HTTP_STATUS, ProxyError, toErrorKind, toProxyError } from "../../src/core/error.ts";
import type { ErrorKind } from "../../src/core/error.ts";

test("a failure carries its kind, its words and its details", () => {
  const cause = new Error("why");
  const error = new ProxyError("rate_limited", "Wait", {
    param: "model",
    retryAfterSeconds: 7,
    planLimit: "account",
    cause,
  });
  assert.deepEqual([error.kind, error.message, error.param], ["rate_limited", "Wait", "model"]);
  assert.deepEqual([error.retryAfterSeconds, error.planLimit, error.cause], [7, "account", cause]);
  assert.ok(error instanceof Error);
});

test("a ProxyError stays what it is; anything else becomes internal and keeps its words to itself", () => {
  const known = new ProxyError("timeout", "Too slow");
  assert.equal(toProxyError(known), known);
  for (const thrown of [new TypeError("secret path /home/me"), "secret", undefined, null, { message: "secret" }]) {
    const error = toProxyError(thrown);
    assert.deepEqual([error.kind, error.message, error.cause], ["internal", "Internal error", thrown]);
  }
});

test("a lack of file descriptors is unavailable for the moment, not internal", () => {
  for (const code of ["EMFILE", "ENFILE"]) {
    const error = toProxyError(Object.assign(new Error("secret path"), { code }));
    assert.deepEqual([error.kind, error.retryAfterSeconds], ["unavailable", 5], code);
    assert.doesNotMatch(error.message, /secret/);
  }
  assert.equal(toProxyError(Object.assign(new Error("full"), { code: "ENOSPC" })).kind, "internal");
});

test("every kind has a status of the 400s or 500s", () => {
  for (const [kind, status] of Object.entries(HTTP_STATUS)) assert.ok(status >= 400 && status < 600, kind);
});

test("each upstream status means one kind", () => {
  const expected: readonly (readonly [number, ErrorKind])[] = [
    [400, "invalid_request"],
    [401, "not_logged_in"],
    [402, "credits_exhausted"],
    [403, "forbidden"],
    [404, "model_not_found"],
    [413, "too_large"],
    [422, "unprocessable"],
    [429, "rate_limited"],
    [500, "upstream"],
    [503, "overloaded"],
    [504, "timeout"],
    [529, "overloaded"],
  ];
  for (const [status, kind] of expected) assert.equal(toErrorKind(status), kind, String(status));
});

test("an upstream status without a meaning of its own is the client's fault below 500, and the gateway's above", () => {
  for (const status of [405, 418, 499]) assert.equal(toErrorKind(status), "invalid_request");
  for (const status of [501, 502, 520, 599]) assert.equal(toErrorKind(status), "bad_gateway");
});
