/** What is known to be refused: by whom, for which model, and for how long. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../src/core/error.ts";
import { createRefusals } from "../../src/session/refusal.ts";

const limit = (planLimit: "account" | "model", retryAfterSeconds = 60): ProxyError =>
  new ProxyError("rate_limited", `Plan limit reached (${planLimit})`, { planLimit, retryAfterSeconds });
const LOGIN = new ProxyError("not_logged_in", "Log in");

/** A memory, and a clock that stands still until it is moved. */
function createMemory() {
  const clock = { ms: 1_000_000 };
  const refusals = createRefusals(() => clock.ms);
  const refusalOf = (model: string): ProxyError | undefined => {
    try {
      return void refusals.check(model);
    } catch (error) {
      assert.ok(error instanceof ProxyError);
      return error;
    }
  };
  return { clock, refusals, refusalOf };
}

test("an empty memory refuses nothing", () => {
  assert.equal(createMemory().refusalOf("opus"), undefined);
});

test("an account's limit is told for every model, with the seconds that are left, until its reset", () => {
  const { clock, refusals, refusalOf } = createMemory();
  refusals.record(limit("account"), "opus");
  for (const model of ["opus", "sonnet"]) assert.equal(refusalOf(model)?.retryAfterSeconds, 60, model);
  clock.ms += 59_001;
  const error = refusalOf("sonnet");
  assert.deepEqual(
    [error?.kind, error?.planLimit, error?.retryAfterSeconds, error?.message],
    ["rate_limited", "account", 1, "Plan limit reached (account)"],
  );
  clock.ms += 999;
  assert.equal(refusalOf("opus"), undefined);
});

test("a model's limit is told for that model alone", () => {
  const { refusals, refusalOf } = createMemory();
  refusals.record(limit("model"), "opus");
  assert.deepEqual([refusalOf("opus")?.planLimit, refusalOf("sonnet")], ["model", undefined]);
});

test("a missing login is told for all models, for some seconds", () => {
  const { clock, refusals, refusalOf } = createMemory();
  refusals.record(LOGIN, "opus");
  assert.deepEqual([refusalOf("sonnet")?.kind, refusalOf("sonnet")?.message], ["not_logged_in", "Log in"]);
  clock.ms += 5000;
  assert.equal(refusalOf("sonnet"), undefined);
});

test("a turn that went well clears the login and leaves the limits", () => {
  const { refusals, refusalOf } = createMemory();
  refusals.record(LOGIN, "opus");
  refusals.record(limit("model"), "opus");
  refusals.clearLogin();
  assert.deepEqual([refusalOf("sonnet"), refusalOf("opus")?.planLimit], [undefined, "model"]);
});

test("failures that may not repeat are not remembered", () => {
  const { refusals, refusalOf } = createMemory();
  for (const kind of ["overloaded", "upstream", "timeout", "rate_limited", "invalid_request"] as const) {
    refusals.record(new ProxyError(kind, "x", { retryAfterSeconds: 60 }), "opus");
  }
  assert.equal(refusalOf("opus"), undefined);
});

test("a refusal from memory does not make the memory longer", () => {
  const { clock, refusals, refusalOf } = createMemory();
  refusals.record(limit("account"), "opus");
  clock.ms += 30_500;
  const recalled = refusalOf("opus");
  assert.ok(recalled);
  refusals.record(recalled, "opus");
  clock.ms += 31_000;
  assert.equal(refusalOf("opus"), undefined);
});

test("models of hostile names are models like any other", () => {
  const { refusals, refusalOf } = createMemory();
  refusals.record(limit("model"), "__proto__");
  assert.deepEqual([refusalOf("__proto__")?.planLimit, refusalOf("constructor")], ["model", undefined]);
});
