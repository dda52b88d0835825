/** The spares that are wanted, told the time of each need. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createTarget } from "../../src/session/target.ts";
import type { Kind, Target } from "../../src/session/target.ts";

const MINUTE = 60_000;
const PLAIN: Kind = { tools: "none", isReplay: false };
const SEARCH: Kind = { tools: "search", isReplay: false };
const PINNED: Kind = { tools: "none", model: "claude-opus-4-5-20251101", isReplay: false };
const REPLAY: Kind = { tools: "none", model: "sonnet", isReplay: true };
const create = (count: number | "auto" = "auto", max = 4): Target => createTarget({ count, max, first: PLAIN });

test("at rest one spare of the first kind is wanted, and again once it is quiet", () => {
  const target = create();
  assert.deepEqual(target.list(0), [PLAIN]);
  for (const at of [0, 1, 2, 3]) target.record(REPLAY, at);
  assert.ok(target.list(3).length > 1);
  assert.deepEqual(target.list(16 * MINUTE), [PLAIN]);
});

test("a process that waits for a history is wanted once two were needed", () => {
  const target = create();
  target.record(REPLAY, 0);
  assert.deepEqual(target.list(0), [PLAIN]);
  target.record(REPLAY, MINUTE);
  assert.deepEqual(target.list(MINUTE), [PLAIN, REPLAY]);
});

test("two kinds in turns keep a spare each; the one asked for twice in a row comes first", () => {
  const target = create();
  for (const [at, kind] of [SEARCH, PLAIN, SEARCH, PLAIN].entries()) target.record(kind, at * MINUTE);
  assert.deepEqual(target.list(4 * MINUTE), [PLAIN, SEARCH]);
  target.record(SEARCH, 5 * MINUTE);
  target.record(SEARCH, 6 * MINUTE);
  assert.deepEqual(target.list(6 * MINUTE), [SEARCH, PLAIN]);
});

test("no kind has two before another has one", () => {
  const target = create();
  for (const at of [0, MINUTE]) {
    for (const kind of [PLAIN, PLAIN, PINNED, PINNED, REPLAY]) target.record(kind, at);
  }
  assert.deepEqual(target.list(MINUTE).slice(0, 3), [PINNED, PLAIN, REPLAY]);
  assert.deepEqual(target.list(MINUTE).slice(3), [PLAIN, PINNED]);
});

test("a number pins how many there are, whatever is needed", () => {
  assert.deepEqual(create(0).list(0), []);
  const target = create(3, 1);
  assert.equal(target.most, 3);
  assert.deepEqual(target.list(0), [PLAIN, PLAIN, PLAIN]);
  for (const at of [0, MINUTE]) target.record(REPLAY, at);
  assert.deepEqual(target.list(MINUTE), [PLAIN, REPLAY, PLAIN]);
});
