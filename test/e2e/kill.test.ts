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

const HI = { model: "sonnet", messages: [user("hi")] };

/** Where transcripts are for the moment that a process needs to load them. */
const toFolder = ({ home }: Pick<Proxy, "home">): string => join(home, ".claude-max-api", "replay");

/** Waits until the transcript is deleted, which nothing else waits for. */
const untilNoTranscript = (proxy: Proxy, whose: string): Promise<void> =>
  eventually(`no transcript is left by ${whose}`, () => readdirSync(toFolder(proxy)).length === 0);

/** Kills the process that was started last. */
function killLatest(proxy: Proxy): void {
  process.kill(readStarts(proxy).at(-1)?.pid ?? 0, "SIGKILL");
}

test("a CLI killed in mid-stream is one error in the stream and one [DONE]; one killed between turns is replaced unseen", async (t) => {
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
  const chat = createChat(proxy);
  assert.equal(await chat.say("one"), "well again");
  killLatest(proxy);
  assert.equal(await chat.say("two"), "well again");
  await untilNoTranscript(proxy, "a replay that ended well");
  killLatest(proxy);
  await eventually("the second is gone too", () => proxy.children().length === 0);
  assert.equal(await chat.say("three"), "well again");
  const native = ["one", "two"].flatMap((words) => [`user: ${words}`, "assistant: well again"]);
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), [...native, "user: three"]);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", "fresh", "replay", "replay"],
  );
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

test("a spare killed is replaced, and one that was claimed once, unseen, and not twice", async (t) => {
  const upstream = await startUpstream(t);
  // One, however close together these turns come.
  const proxy = await startProxy(t, { upstream, args: ["--spares", "1"] });
  const untilSpare = (): Promise<void> => untilSessions(proxy, "a spare is there", ({ spare }) => spare === 1);
  await untilSpare();
  killLatest(proxy);
  assert.equal(await readText(await proxy.chat(HI)), "Hello world");
  await untilSpare();
  assert.equal(await readText(await proxy.chat(HI)), "Hello world");

  await untilSpare();
  upstream.reset();
  upstream.answer((_call, at) => (at === 1 ? [{ text: "well" }] : [{ hang: true }]));
  const [spare] = readStarts(proxy).slice(-1);
  const answer = proxy.chat(HI).then(readText);
  await upstream.called(1);
  process.kill(spare?.pid ?? 0, "SIGKILL");
  assert.equal(await answer, "well");

  await untilSpare();
  const second = proxy.chat(HI);
  const known = new Set(proxy.children());
  await upstream.called(3);
  for (const pid of known) if (readStarts(proxy).some((start) => start.pid === pid)) process.kill(pid, "SIGKILL");
  await upstream.called(4);
  killAny(readStarts(proxy).map(({ pid }) => pid));
  assert.equal((await second).status, 502);
  assert.equal(upstream.calls.length, 4);
});

test("a replay leaves no transcript behind, though its turn fails or is left", async (t) => {
  const { upstream, proxy } = await startPair(t);
  const history = [user("a"), assistant("b"), user("c")];
  upstream.answer(() => [{ hang: true }]);
  const failing = proxy.chat({ model: "sonnet", messages: history });
  await upstream.called(1);
  await untilNoTranscript(proxy, "a running turn");
  killLatest(proxy);
  assert.equal((await failing).status, 502);

  const leaving = new AbortController();
  const left = assert.rejects(proxy.chat({ model: "sonnet", messages: history }, { signal: leaving.signal }));
  await eventually("its process is started", () => readStarts(proxy).length > 1);
  leaving.abort();
  await left;
  await untilNoTranscript(proxy, "a turn that was left");
});

test("a server takes what a dead one left, whichever process id that had, and no folder; its own CLIs end with it", async (t) => {
  const upstream = await startUpstream(t);
  const { home, remove } = makeHome();
  const folder = toFolder({ home });
  mkdirSync(join(folder, "folder.jsonl"), { recursive: true });
  for (const name of ["1-left.jsonl", `${process.pid}-left.jsonl`, "left.jsonl"])
    writeFileSync(join(folder, name), "words of a conversation");
  const proxy = await startProxy(t, { upstream, home });
  t.after(remove);
  const idle = createChat(proxy);
  assert.equal(await idle.say("hi"), "Hello world");
  await eventually("only the folder is left", () => readdirSync(folder).join() === "folder.jsonl");

  const end = createLatch();
  upstream.answer(() => [{ text: "half" }, { until: end.opened }, { text: " and half" }]);
  const reader = await readUntil(await proxy.chat({ ...HI, messages: [user("one")], stream: true }), "half");
  await untilSessions(proxy, "a spare is there", ({ spare }) => spare === 1);
  const pids = readStarts(proxy).map(({ pid }) => pid);
  t.after(() => {
    killAny(pids);
  });
  assert.equal(pids.filter(isRunning).length, 3);
  proxy.kill("SIGKILL");
  assert.equal((await proxy.exited).signal, "SIGKILL");
  await assert.rejects(reader.rest());
  end.open();
  await eventually("every CLI process is gone", () => !pids.some(isRunning));
});
