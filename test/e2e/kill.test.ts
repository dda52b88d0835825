/**
 * Processes killed under the real CLI's turns, the proxy's own included: one clear end for the client, and nothing left
 * behind.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assistant, readError, readText, readUntil, user } from "../helpers/answer.ts";
import type { ChatChunk } from "../helpers/answer.ts";
import { createChat, createLatch, readHealth, readStarts, untilSessions } from "../helpers/client.ts";
import { isRunning, killAny } from "../helpers/processes.ts";
import { startPair } from "../helpers/pair.ts";
import { eventually, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { makeHome } from "../helpers/session.ts";
import { startUpstream, toDialogue } from "../helpers/upstream.ts";

const NO_SPARES = ["--spares", "0"];
const HI = { model: "sonnet", messages: [user("hi")] };

/** Kills the process that was started last. */
function killLatest(proxy: Proxy): void {
  process.kill(readStarts(proxy).at(-1)?.pid ?? 0, "SIGKILL");
}

test("a CLI killed in mid-stream is one error in the stream and one [DONE]", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer(() => [{ text: "half" }, { hang: true }]);
  const stream = await readUntil(await proxy.chat({ ...HI, stream: true }), "half");
  killLatest(proxy);
  const raw = await stream.rest();
  const payloads = raw
    .trim()
    .split("\n\n")
    .map((event) => event.replace(/^data: /, ""));
  assert.equal(payloads.at(-1), "[DONE]");
  assert.equal(raw.split("[DONE]").length, 2);
  const { error } = JSON.parse(payloads.at(-2) ?? "") as ChatChunk;
  assert.deepEqual([error?.type, error?.code], ["server_error", "bad_gateway"]);
  assert.match(error?.message ?? "", /ended unexpectedly/);
  upstream.answer(() => [{ text: "well again" }]);
  assert.equal(await readText(await proxy.chat(HI)), "well again");
});

test("a fresh CLI killed before its first event is a 502", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer(() => [{ hang: true }]);
  for (const [at, stream] of [false, true].entries()) {
    const answer = proxy.chat({ ...HI, stream });
    await upstream.called(at + 1);
    killLatest(proxy);
    const { status, code } = await readError(await answer);
    assert.deepEqual([status, code], [502, "bad_gateway"]);
  }
  assert.equal((await readHealth(proxy)).sessions.busy, 0);
});

test("a claimed spare killed before its first event is replaced once, unseen, and not twice", async (t) => {
  const upstream = await startUpstream(t);
  upstream.answer((_call, at) => (at === 1 ? [{ text: "well" }] : [{ hang: true }]));
  const proxy = await startProxy(t, { upstream });
  await untilSessions(proxy, "a spare is there", ({ spare }) => spare === 1);
  const [spare] = readStarts(proxy);
  const answer = proxy.chat(HI).then(readText);
  await upstream.called(1);
  process.kill(spare?.pid ?? 0, "SIGKILL");
  assert.equal(await answer, "well");

  await untilSessions(proxy, "a spare is there again", ({ spare }) => spare === 1);
  const second = proxy.chat(HI);
  const known = new Set(proxy.children());
  await upstream.called(3);
  for (const pid of known) if (readStarts(proxy).some((start) => start.pid === pid)) process.kill(pid, "SIGKILL");
  await upstream.called(4);
  killAny(readStarts(proxy).map(({ pid }) => pid));
  assert.equal((await second).status, 502);
  assert.equal(upstream.calls.length, 4);
});

test("a process killed between turns is replaced by a replay that the client does not see", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const chat = createChat(proxy);
  await chat.say("one");
  killLatest(proxy);
  assert.equal(await chat.say("two"), "Hello world");
  killLatest(proxy);
  await eventually("the second is gone too", () => proxy.children().length === 0);
  assert.equal(await chat.say("three"), "Hello world");
  const native = ["one", "two"].flatMap((words) => [`user: ${words}`, "assistant: Hello world"]);
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), [...native, "user: three"]);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", "replay", "replay"],
  );
});

test("a spare killed is replaced, and the next request does not notice", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream });
  await untilSessions(proxy, "a spare is there", ({ spare }) => spare === 1);
  killLatest(proxy);
  assert.equal(await readText(await proxy.chat(HI)), "Hello world");
  await untilSessions(proxy, "a spare is there again", ({ spare }) => spare === 1);
  assert.equal(await readText(await proxy.chat(HI)), "Hello world");
});

test("a replay leaves no transcript behind, whether its turn ends well, fails or is left", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const folder = join(proxy.home, ".claude-max-api", "replay");
  const history = [user("a"), assistant("b"), user("c")];
  await readText(await proxy.chat({ model: "sonnet", messages: history }));
  assert.deepEqual(readdirSync(folder), []);

  upstream.answer(() => [{ hang: true }]);
  const failing = proxy.chat({ model: "sonnet", messages: history });
  await upstream.called(2);
  assert.deepEqual(readdirSync(folder), [], "a running turn needs it no more");
  killLatest(proxy);
  assert.equal((await failing).status, 502);

  const leaving = new AbortController();
  const count = readStarts(proxy).length;
  const left = assert.rejects(proxy.chat({ model: "sonnet", messages: history }, { signal: leaving.signal }));
  await eventually("its process is started", () => readStarts(proxy).length > count);
  leaving.abort();
  await left;
  await eventually("no transcript is left", () => readdirSync(folder).length === 0);
});

test("when the proxy is killed, its CLI processes end by themselves", async (t) => {
  const upstream = await startUpstream(t);
  const end = createLatch();
  upstream.answer((_call, at) =>
    at === 0 ? [{ text: "Hello world" }] : [{ text: "half" }, { until: end.opened }, { text: " and half" }],
  );
  const proxy = await startProxy(t, { upstream });
  const idle = createChat(proxy);
  await idle.say("hi");
  const streams = ["one", "two"].map((words) => proxy.chat({ model: "sonnet", stream: true, messages: [user(words)] }));
  const readers = await Promise.all(streams.map(async (stream) => readUntil(await stream, "half")));
  await untilSessions(proxy, "a spare is there", ({ spare }) => spare === 1);
  const pids = readStarts(proxy).map(({ pid }) => pid);
  t.after(() => {
    killAny(pids);
  });
  assert.equal(pids.filter(isRunning).length, 4);
  proxy.kill("SIGKILL");
  assert.equal((await proxy.exited).signal, "SIGKILL");
  for (const reader of readers) await assert.rejects(reader.rest());
  end.open();
  await eventually("every CLI process is gone", () => !pids.some(isRunning));
});

test("a server that starts takes what a dead one left, whichever process id that had, and no folder", async (t) => {
  const upstream = await startUpstream(t);
  const { home, remove } = makeHome();
  const folder = join(home, ".claude-max-api", "replay");
  mkdirSync(join(folder, "folder.jsonl"), { recursive: true });
  for (const name of ["1-left.jsonl", `${process.pid}-left.jsonl`, "left.jsonl"])
    writeFileSync(join(folder, name), "words of a conversation");
  const proxy = await startProxy(t, { upstream, home, args: NO_SPARES });
  t.after(remove);
  await eventually("only the folder is left", () => readdirSync(folder).join() === "folder.jsonl");
  assert.equal(await readText(await proxy.chat(HI)), "Hello world");
});
