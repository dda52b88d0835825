/** The choice of the spare to start next and of those to end, from what stands and what is wanted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseEnds, chooseNext } from "../../src/session/balance.ts";
import type { SpareRoom, Standing } from "../../src/session/balance.ts";
import type { Kind } from "../../src/session/target.ts";

const PLAIN: Kind = { tools: "none", isReplay: false };
const SEARCH: Kind = { tools: "search", isReplay: false };
const REPLAY: Kind = { tools: "none", model: "sonnet", isReplay: true };
const ROOM: SpareRoom = { most: 2, countRoom: () => 9, nowMs: 60_000 };

const stand = (kind: Kind, change: Partial<Standing> = {}): Standing => ({
  ...{ kind, startedAt: 0, isAlive: true },
  ...change,
});

test("the most important kind that does not stand is started next", () => {
  assert.equal(chooseNext([PLAIN, SEARCH], [], ROOM), PLAIN);
  assert.equal(chooseNext([PLAIN, SEARCH], [stand(PLAIN)], ROOM), SEARCH);
  assert.equal(chooseNext([PLAIN, PLAIN], [stand(PLAIN)], ROOM), PLAIN);
  assert.equal(chooseNext([PLAIN], [stand(PLAIN)], ROOM), undefined);
});

test("nothing is started beyond the bound, and one that is ending counts", () => {
  const spares = [stand(PLAIN), stand(PLAIN, { isAlive: false })];
  assert.equal(chooseNext([PLAIN, SEARCH], spares, ROOM), undefined);
  assert.equal(chooseNext([PLAIN, SEARCH], spares, { ...ROOM, most: 3 }), SEARCH);
});

test("free memory bounds all but the first; a spare started a moment ago has not taken its own yet", () => {
  const room = (count: number): SpareRoom => ({ ...ROOM, countRoom: () => count });
  assert.equal(chooseNext([PLAIN], [], room(0)), PLAIN);
  assert.equal(chooseNext([PLAIN, SEARCH], [stand(PLAIN)], room(0)), undefined);
  assert.equal(chooseNext([PLAIN, SEARCH], [stand(PLAIN)], room(1)), SEARCH);
  const young = stand(PLAIN, { startedAt: ROOM.nowMs - 1000 });
  assert.equal(chooseNext([PLAIN, SEARCH], [young], room(1)), undefined);
  assert.equal(chooseNext([PLAIN, SEARCH], [young], room(2)), SEARCH);
});

test("spares that are not wanted end, one for each too many; one that is ending is left to end", () => {
  const [first, second] = [stand(PLAIN), stand(PLAIN)];
  assert.deepEqual(chooseEnds([PLAIN], [first, second], 4), [second]);
  assert.deepEqual(chooseEnds([PLAIN, SEARCH], [first, stand(SEARCH)], 4), []);
  assert.deepEqual(chooseEnds([PLAIN], [first, stand(REPLAY, { isAlive: false })], 4), []);
});

test("at the bound a kind without a spare pushes out the second of another kind, the last of them", () => {
  const [plain, first, second] = [stand(PLAIN), stand(REPLAY), stand(REPLAY)];
  assert.deepEqual(chooseEnds([PLAIN, REPLAY, SEARCH, REPLAY], [plain, first, second], 3), [second]);
  assert.deepEqual(chooseEnds([PLAIN, REPLAY, SEARCH, REPLAY], [plain, first, second], 4), []);
  assert.deepEqual(chooseEnds([PLAIN, REPLAY, REPLAY, PLAIN], [plain, first, second], 3), []);
});

test("at the bound the first kind pushes the last spare out, and no other kind does", () => {
  const [search, replay] = [stand(SEARCH), stand(REPLAY)];
  assert.deepEqual(chooseEnds([PLAIN, SEARCH, REPLAY], [search, replay], 2), [replay]);
  assert.deepEqual(chooseEnds([PLAIN, SEARCH, REPLAY], [search, replay], 3), []);
  assert.deepEqual(chooseEnds([SEARCH, REPLAY, PLAIN], [search, replay], 2), []);
});
