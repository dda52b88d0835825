/** Kept answers: found by id, gone when there is no room. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createKept } from "../../src/http/kept.ts";

const answer = (text: string) => ({ messages: [], echo: {}, reply: text });
const IDLE_MS = 60_000;

test("an answer is there until it is deleted", () => {
  const kept = createKept({ max: 2, limitUnits: 1000, idleMs: IDLE_MS });
  kept.put("a", answer("A"));
  assert.equal(kept.get("a")?.reply, "A");
  assert.equal(kept.get("a")?.reply, "A");
  assert.equal(kept.delete("a"), true);
  assert.equal(kept.delete("a"), false);
  assert.equal(kept.get("a"), undefined);
});

test("the one not asked for longest goes first", () => {
  const kept = createKept({ max: 2, limitUnits: 1000, idleMs: IDLE_MS });
  for (const id of ["a", "b"]) kept.put(id, answer(id));
  kept.get("a");
  kept.put("c", answer("c"));
  assert.deepEqual(
    ["a", "b", "c"].map((id) => kept.get(id)?.reply),
    ["a", undefined, "c"],
  );
});

test("all together take no more than the limit, and one that takes more by itself is not kept", () => {
  const kept = createKept({ max: 10, limitUnits: 300, idleMs: IDLE_MS });
  for (const id of ["a", "b", "c"]) kept.put(id, answer(id.repeat(80)));
  assert.equal(kept.get("a"), undefined);
  assert.equal(kept.get("c")?.reply, "c".repeat(80));
  kept.put("d", answer("d".repeat(400)));
  assert.deepEqual(
    ["b", "c", "d"].map((id) => kept.get(id)),
    [undefined, undefined, undefined],
  );
});

test("an answer that nobody asks for goes by itself", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const kept = createKept({ max: 10, limitUnits: 1000, idleMs: IDLE_MS });
  kept.put("a", answer("A"));
  t.mock.timers.tick(IDLE_MS);
  assert.equal(kept.get("a"), undefined);
});
