/** Stored responses: found by id, gone when there is no room. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createStoredResponses } from "../../src/http/stored.ts";
import { isObject } from "../../src/lib/json.ts";

const answer = (text: string) => ({ messages: [], reply: text });
const toReply = (value: unknown): unknown => (isObject(value) ? value["reply"] : undefined);
const IDLE_MS = 60_000;

test("an answer is there until it is deleted", async () => {
  const stored = createStoredResponses({ max: 2, limitBytes: 1000, idleMs: IDLE_MS });
  await stored.put("a", answer("A"));
  assert.equal(toReply(stored.get("a")), "A");
  assert.equal(toReply(stored.get("a")), "A");
  assert.equal(stored.delete("a"), true);
  assert.equal(stored.delete("a"), false);
  assert.equal(stored.get("a"), undefined);
});

test("the one not asked for longest goes first", async () => {
  const stored = createStoredResponses({ max: 2, limitBytes: 1000, idleMs: IDLE_MS });
  for (const id of ["a", "b"]) await stored.put(id, answer(id));
  stored.get("a");
  await stored.put("c", answer("c"));
  assert.deepEqual(
    ["a", "b", "c"].map((id) => toReply(stored.get(id))),
    ["a", undefined, "c"],
  );
});

test("all together take no more than the limit, and one that takes more by itself is not kept", async () => {
  const stored = createStoredResponses({ max: 10, limitBytes: 300, idleMs: IDLE_MS });
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
  const stored = createStoredResponses({ max: 10, limitBytes: 1000, idleMs: IDLE_MS });
  await stored.put("a", answer("A"));
  t.mock.timers.tick(IDLE_MS);
  assert.equal(stored.get("a"), undefined);
});

test("a response is given back as it was, whatever its text holds, and what is done to the copy changes nothing", async () => {
  const stored = createStoredResponses({ max: 2, limitBytes: 10_000, idleMs: IDLE_MS });
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
  const stored = createStoredResponses({ max: 10, limitBytes: 300, idleMs: IDLE_MS });
  await stored.put("a", answer("é".repeat(150)));
  assert.equal(stored.get("a"), undefined);
  await stored.put("b", answer("e".repeat(150)));
  assert.equal(toReply(stored.get("b")), "e".repeat(150));
});
