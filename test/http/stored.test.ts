/** Stored responses: found by id, gone when there is no room. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../src/core/error.ts";
import { createStoredResponses } from "../../src/http/stored.ts";
import type { StoredOptions } from "../../src/http/stored.ts";
import { isObject } from "../../src/lib/json.ts";

const answer = (text: string) => ({ messages: [], reply: text });
const toReply = (value: unknown): unknown => (isObject(value) ? value["reply"] : undefined);
const IDLE_MS = 60_000;
const NEVER = new Promise<void>(() => undefined);

/** A store that each reading sees anew, as each request does. */
function createStore(bounds: Pick<StoredOptions, "max" | "limitBytes">) {
  const { open, put } = createStoredResponses({ ...bounds, idleMs: IDLE_MS });
  return {
    open,
    put,
    get: (id: string): unknown => open(NEVER).get(id),
    delete: (id: string): boolean => open(NEVER).delete(id),
  };
}

test("an answer is there until it is deleted", async () => {
  const stored = createStore({ max: 2, limitBytes: 1000 });
  await stored.put("a", answer("A"));
  assert.equal(toReply(stored.get("a")), "A");
  assert.equal(toReply(stored.get("a")), "A");
  assert.equal(stored.delete("a"), true);
  assert.equal(stored.delete("a"), false);
  assert.equal(stored.get("a"), undefined);
});

test("the one not asked for longest goes first", async () => {
  const stored = createStore({ max: 2, limitBytes: 1000 });
  for (const id of ["a", "b"]) await stored.put(id, answer(id));
  stored.get("a");
  await stored.put("c", answer("c"));
  assert.deepEqual(
    ["a", "b", "c"].map((id) => toReply(stored.get(id))),
    ["a", undefined, "c"],
  );
});

test("all together take no more than the limit, and one that takes more by itself is not kept", async () => {
  const stored = createStore({ max: 10, limitBytes: 300 });
  for (const id of ["a", "b", "c"]) await stored.put(id, answer(id.repeat(80)));
  assert.equal(stored.get("a"), undefined);
  assert.equal(toReply(stored.get("c")), "c".repeat(80));
  await stored.put("d", answer("d".repeat(400)));
  assert.deepEqual(
    ["b", "c", "d"].map((id) => toReply(stored.get(id))),
    ["b".repeat(80), "c".repeat(80), undefined],
  );
});

test("an answer that nobody asks for goes by itself", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const stored = createStore({ max: 10, limitBytes: 1000 });
  await stored.put("a", answer("A"));
  t.mock.timers.tick(IDLE_MS);
  assert.equal(stored.get("a"), undefined);
});

test("a response is given back as it was, whatever its text holds, and what is done to the copy changes nothing", async () => {
  const stored = createStore({ max: 2, limitBytes: 10_000 });
  const response = {
    messages: [{ role: "user", content: [{ type: "text", text: "é 👩‍👩‍👧 \ud800 \u2028 \0" }] } as const],
    echo: { systems: ["s"], input: [{ a: [1, null, { b: true }] }] },
    reply: { id: "resp_a" },
  };
  await stored.put("a", response);
  const copy = stored.get("a");
  assert.deepEqual(copy, response);
  Object.assign(copy ?? {}, { reply: "changed" });
  assert.deepEqual(stored.get("a"), response);
});

test("bytes are counted, not characters", async () => {
  const stored = createStore({ max: 10, limitBytes: 300 });
  await stored.put("a", answer("é".repeat(150)));
  assert.equal(stored.get("a"), undefined);
  await stored.put("b", answer("e".repeat(150)));
  assert.equal(toReply(stored.get("b")), "e".repeat(150));
});

const KB = 1000;

test("what requests read counts until they are over, and more than the limit is 503; little passes beside it", async () => {
  const stored = createStore({ max: 10, limitBytes: 1000 * KB });
  await stored.put("large", answer("x".repeat(800 * KB)));
  await stored.put("small", answer("x".repeat(100 * KB)));
  let close = (): void => undefined;
  const closed = new Promise<void>((resolve) => (close = resolve));
  assert.ok(stored.open(closed).get("large"));
  const isRefused = (error: unknown): boolean =>
    error instanceof ProxyError && error.kind === "overloaded" && error.retryAfterSeconds === 5;
  assert.throws(() => stored.get("large"), isRefused);
  assert.ok(stored.get("small"));
  close();
  await closed;
  assert.ok(stored.get("large"));
});

test("a request reads a response once, however often it asks for it, and counts it once", async () => {
  const stored = createStore({ max: 10, limitBytes: 1000 * KB });
  await stored.put("a", answer("x".repeat(800 * KB)));
  const request = stored.open(NEVER);
  assert.equal(request.get("a"), request.get("a"));
});
