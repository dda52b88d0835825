/** Live processes between turns: who gets which, and that none is forgotten. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conversation } from "../../src/cli/conversation.ts";
import { createLog } from "../../src/lib/log.ts";
import { createPool } from "../../src/session/pool.ts";

/** Stands for a process: tells what became of it, and can die. */
function createProcess() {
  let die = (): void => undefined;
  const gone = new Promise<void>((resolve) => (die = resolve));
  let closed = 0;
  const conversation = { pid: 1, gone, close: async () => void closed++ } as Partial<Conversation> as Conversation;
  return { conversation, die: () => (die(), gone), closed: () => closed };
}

const createPlain = (maxSessions = 2) => createPool({ maxSessions, idleSeconds: 10, log: createLog("error") });

test("a process is given to the one who asks with its key, once", () => {
  const pool = createPlain();
  const { conversation, closed } = createProcess();
  pool.file("k", conversation, false);
  assert.equal(pool.claim("other"), undefined);
  assert.equal(pool.claim("k"), conversation);
  assert.equal(pool.claim("k"), undefined);
  assert.equal(closed(), 0);
});

test("past the bound the one unused for longest is ended", () => {
  const pool = createPlain(2);
  const [first, second, third] = [createProcess(), createProcess(), createProcess()];
  for (const [key, held] of Object.entries({ first, second, third })) pool.file(key, held.conversation, false);
  assert.deepEqual([first.closed(), second.closed(), third.closed(), pool.size], [1, 0, 0, 2]);
});

test("a pool of no room ends every process at once", () => {
  const pool = createPlain(0);
  const { conversation, closed } = createProcess();
  pool.file("k", conversation, false);
  assert.deepEqual([closed(), pool.claim("k")], [1, undefined]);
});

test("a process that is not used is ended after the idle time", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const pool = createPlain();
  const { conversation, closed } = createProcess();
  pool.file("k", conversation, false);
  t.mock.timers.tick(9999);
  assert.equal(closed(), 0);
  t.mock.timers.tick(1);
  assert.deepEqual([closed(), pool.size], [1, 0]);
});

test("a process that dies leaves the pool", async () => {
  const pool = createPlain();
  const { conversation, die } = createProcess();
  pool.file("k", conversation, false);
  await die();
  assert.deepEqual([pool.size, pool.claim("k")], [0, undefined]);
});

test("a process that dies after it was claimed takes no other with it", async () => {
  const pool = createPlain();
  const [dying, living] = [createProcess(), createProcess()];
  pool.file("k", dying.conversation, false);
  pool.claim("k");
  pool.file("k", living.conversation, false);
  await dying.die();
  assert.equal(pool.claim("k"), living.conversation);
  assert.equal(living.closed(), 0);
});

test("two processes that know the same keep one, and the older is ended", () => {
  const pool = createPlain();
  const [older, newer] = [createProcess(), createProcess()];
  pool.file("k", older.conversation, false);
  pool.file("k", newer.conversation, false);
  assert.deepEqual([older.closed(), newer.closed(), pool.claim("k")], [1, 0, newer.conversation]);
});

test("clearing ends all", () => {
  const pool = createPlain();
  const processes = [createProcess(), createProcess()];
  for (const [at, { conversation }] of processes.entries()) pool.file(String(at), conversation, false);
  pool.clear();
  assert.deepEqual([...processes.map(({ closed }) => closed()), pool.size], [1, 1, 0]);
});

test("conversations of one turn do not push out one that was continued", () => {
  const pool = createPlain(3);
  const [talk, ...titles] = Array.from({ length: 6 }, createProcess);
  pool.file("talk", talk?.conversation as Conversation, true);
  for (const [at, title] of titles.entries()) pool.file(`title ${at}`, title.conversation, false);
  assert.deepEqual(
    titles.map((title) => title.closed()),
    [1, 1, 1, 0, 0],
  );
  assert.equal(pool.claim("talk"), talk?.conversation);
});

test("a continued conversation is pushed out by its like, and leaves room for a new one", () => {
  const pool = createPlain(3);
  const talks = Array.from({ length: 4 }, createProcess);
  const title = createProcess();
  for (const [at, talk] of talks.entries()) pool.file(`talk ${at}`, talk.conversation, true);
  pool.file("title", title.conversation, false);
  assert.deepEqual(
    [...talks, title].map((held) => held.closed()),
    [1, 1, 0, 0, 0],
  );
  assert.equal(pool.size, 3);
});
