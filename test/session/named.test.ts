/** Named conversations: one id a name, one turn at a time, and records that outlive the server. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createNamedSessions, toNameId, toSystemMark } from "../../src/session/named.ts";
import type { NamedSessions } from "../../src/session/named.ts";
import { eventually } from "../helpers/proxy.ts";

const never = new AbortController().signal;

/** Sessions in a folder; `ended` tells of what was ended and deleted, in order. */
function open(folder: string, maxWaiting: number, maxRecords?: number, ended: string[] = []): NamedSessions {
  return createNamedSessions({
    folder,
    maxWaiting,
    ...(maxRecords === undefined ? {} : { maxRecords }),
    endProcess: async (id) => void ended.push(id),
    deleteTranscript: async (sessionId) => void ended.push(sessionId),
  });
}

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "named-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "sessions");
}

test("a name always has the same id, a UUID, and no two names share one", () => {
  const names = ["a", "b", "A", "work", "../../etc/passwd", "__proto__", "é", "x".repeat(200)];
  const ids = names.map(toNameId);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(new Set(ids).size, names.length);
  assert.deepEqual(names.map(toNameId), ids);
});

test("what was written is read back, by a new server too", async (t) => {
  const folder = await makeFolder(t);
  const id = "work";
  const record = { sessionId: "s1", lastUuid: "u1", system: toSystemMark("be kind") };
  assert.equal(await open(folder, 9).read(id), undefined);
  await open(folder, 9).write(id, record);
  assert.deepEqual(await open(folder, 9).read(id), record);
  assert.equal(await open(folder, 9).read("other"), undefined);
});

test("a later record replaces the one before", async (t) => {
  const sessions = open(await makeFolder(t), 9);
  await sessions.write("id", { sessionId: "s1", lastUuid: "a".repeat(100), system: "s" });
  await sessions.write("id", { sessionId: "s1", lastUuid: "b", system: "s" });
  assert.deepEqual(await sessions.read("id"), { sessionId: "s1", lastUuid: "b", system: "s" });
});

test("a record that cannot be read is as good as none", async (t) => {
  const folder = await makeFolder(t);
  const sessions = open(folder, 9);
  await sessions.write("id", { sessionId: "s1", lastUuid: "u", system: "s" });
  for (const words of ["", "{", "[]", "null", '{"lastUuid":"u"}', '{"sessionId":"s","lastUuid":1,"system":"s"}']) {
    await writeFile(join(folder, `${toNameId("id")}.json`), words);
    assert.equal(await sessions.read("id"), undefined, words);
  }
});

test("only this user can read the records, and none holds a word of the system prompt", async (t) => {
  const folder = await makeFolder(t);
  await open(folder, 9).write("work", {
    sessionId: "s1",
    lastUuid: "u",
    system: toSystemMark("secret words"),
  });
  const [file = ""] = await readdir(folder);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
  assert.doesNotMatch((await readFile(join(folder, file), "utf8")) + file, /secret|work/);
});

test("turns of one conversation wait for each other, in order; those of another do not", async (t) => {
  const sessions = open(await makeFolder(t), 9);
  const leave = await sessions.enter("a", never);
  const order: string[] = [];
  const second = sessions.enter("a", never).then((next) => (order.push("second"), next));
  const third = sessions.enter("a", never).then((next) => (order.push("third"), next));
  const other = await sessions.enter("b", never);
  assert.deepEqual(order, []);
  leave();
  (await second)();
  (await third)();
  other();
  assert.deepEqual(order, ["second", "third"]);
});

test("a turn that is given up while it waits lets the next one in", async (t) => {
  const sessions = open(await makeFolder(t), 9);
  const leave = await sessions.enter("a", never);
  const controller = new AbortController();
  const reason = new Error("left");
  const aborted = sessions.enter("a", controller.signal);
  const next = sessions.enter("a", never);
  controller.abort(reason);
  await assert.rejects(aborted, reason);
  leave();
  assert.equal(typeof (await next), "function");
});

test("a conversation that was left can be entered again", async (t) => {
  const sessions = open(await makeFolder(t), 9);
  for (let turn = 0; turn < 3; turn++) (await sessions.enter("a", never))();
  const leave = await sessions.enter("a", never);
  leave();
  leave();
  assert.equal(typeof (await sessions.enter("a", never)), "function");
});

test("system prompts have one mark if they are one but for the space around them", () => {
  assert.equal(toSystemMark(" be kind\n"), toSystemMark("be kind"));
  assert.notEqual(toSystemMark("be kind"), toSystemMark("be  kind"));
});

test("past the bound the conversation unused for longest goes, its process first, then its transcript", async (t) => {
  const folder = await makeFolder(t);
  const ended: string[] = [];
  const sessions = open(folder, 9, 2, ended);
  for (const [at, name] of ["a", "b", "a", "c"].entries()) {
    await sessions.write(name, { sessionId: `s-${name}`, lastUuid: "u", system: "s" });
    await utimes(join(folder, `${toNameId(name)}.json`), at, at);
  }
  await eventually("one is gone", async () => (await readdir(folder)).length === 2);
  assert.deepEqual(ended, [toNameId("b"), "s-b"]);
  assert.equal(await sessions.read("b"), undefined);
  assert.equal((await sessions.read("a"))?.sessionId, "s-a");
});

test("a conversation in mid-turn is not removed before its turn is over", async (t) => {
  const ended: string[] = [];
  const sessions = open(await makeFolder(t), 9, 200, ended);
  await sessions.write("work", { sessionId: "s1", lastUuid: "u", system: "s" });
  const leave = await sessions.enter("work", never);
  const removing = sessions.remove("work", never);
  assert.equal((await sessions.read("work"))?.sessionId, "s1");
  assert.deepEqual(ended, []);
  leave();
  assert.equal(await removing, true);
  assert.deepEqual(ended, [toNameId("work"), "s1"]);
  assert.equal(await sessions.remove("work", never), false);
});
