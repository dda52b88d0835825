/** Needs of late, told the time of each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createDemand } from "../../src/session/demand.ts";
import type { Demand } from "../../src/session/demand.ts";

const MINUTE = 60_000;
const create = (): Demand<string> => createDemand((kind) => kind);
const levelOf = (demand: Demand<string>, nowMs: number): number | undefined =>
  demand.list(nowMs).find(({ kind }) => kind === "a")?.level;

test("a kind that was needed once is no pattern; twice, one is worth keeping", () => {
  const demand = create();
  assert.equal(levelOf(demand, 0), undefined);
  demand.record("a", 0);
  assert.equal(levelOf(demand, 0), 0);
  demand.record("a", 5 * MINUTE);
  assert.equal(levelOf(demand, 5 * MINUTE), 1);
});

test("two at once, seen twice, are worth two", () => {
  const demand = create();
  for (const at of [0, 100]) demand.record("a", at);
  assert.equal(levelOf(demand, 100), 1);
  for (const at of [MINUTE, MINUTE + 100]) demand.record("a", at);
  assert.equal(levelOf(demand, MINUTE + 100), 2);
});

test("a need of a quarter of an hour ago does not count", () => {
  const demand = create();
  for (const at of [0, MINUTE]) demand.record("a", at);
  assert.equal(levelOf(demand, 14 * MINUTE), 1);
  assert.equal(levelOf(demand, 15 * MINUTE), 0);
  assert.deepEqual(demand.list(17 * MINUTE), []);
});

test("the kind needed most often is told first", () => {
  const demand = create();
  for (const [at, kind] of ["a", "b", "c", "c", "c", "b"].entries()) demand.record(kind, at * MINUTE);
  assert.deepEqual(
    demand.list(6 * MINUTE).map(({ kind }) => kind),
    ["c", "b", "a"],
  );
});
