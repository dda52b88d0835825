/**
 * Conversations the server keeps under `x-claude-session`: clients send only what is new, and the rest is the server's
 * to know.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assistant, readError, readText, user } from "../helpers/answer.ts";
import { createLatch, readHealth, readStarts } from "../helpers/client.ts";
import { startPair } from "../helpers/pair.ts";
import type { Pair } from "../helpers/pair.ts";
import { startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { isRunning } from "../helpers/processes.ts";
import type { Scope } from "../helpers/scope.ts";
import { NO_SPARES, postNamed, sayNamed, startEcho } from "../helpers/session.ts";
import { toDialogue, toLastWords } from "../helpers/upstream.ts";

/** A pair whose API answers with the words that were said; names of other tests are not used again. */
async function startEchoing(t: Scope, ...args: readonly string[]): Promise<Pair> {
  const pair = await startPair(t, ...args);
  pair.upstream.answer((call) => [{ text: `re ${toLastWords(call)}` }]);
  return pair;
}

test("a name keeps its conversation, in one process, with only the new messages sent", async (t) => {
  const { upstream, proxy } = await startEchoing(t);
  assert.equal(await sayNamed(proxy, "kept", "one"), "re one");
  assert.equal(await sayNamed(proxy, "kept", "two"), "re two");
  assert.equal(await sayNamed(proxy, "kept", "three", { reasoning_effort: "low" }), "re three");
  assert.deepEqual(toDialogue(upstream.calls[2]), [
    "user: one",
    "assistant: re one",
    "user: two",
    "assistant: re two",
    "user: three",
  ]);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["begin"],
  );
});

test("two names do not mix, and neither does a conversation without one", async (t) => {
  const { upstream, proxy } = await startEchoing(t);
  await Promise.all([
    sayNamed(proxy, "left", "l1"),
    sayNamed(proxy, "right", "r1"),
    readText(await proxy.chat({ model: "sonnet", messages: [user("l1")] })),
  ]);
  await Promise.all([sayNamed(proxy, "left", "l2"), sayNamed(proxy, "right", "r2")]);
  const find = (words: string): string[] => toDialogue(upstream.calls.find((call) => toLastWords(call) === words));
  assert.deepEqual(find("l2"), ["user: l1", "assistant: re l1", "user: l2"]);
  assert.deepEqual(find("r2"), ["user: r1", "assistant: re r1", "user: r2"]);
});

test("two requests of one name at once run one after the other, and leave room for others", async (t) => {
  const { upstream, proxy } = await startPair(t, "--max-concurrent", "2");
  const end = createLatch();
  upstream.answer((call, at) => [...(at === 0 ? [{ until: end.opened }] : []), { text: `re ${toLastWords(call)}` }]);
  const first = sayNamed(proxy, "line", "one");
  await upstream.called(1);
  const second = sayNamed(proxy, "line", "two");
  const { sessions } = await readHealth(proxy);
  assert.deepEqual([sessions.live, sessions.busy, sessions.queued], [1, 1, 0]);
  // A third request, of no name, overtakes the second: that one waits for its own conversation alone.
  assert.equal(await readText(await proxy.chat({ model: "sonnet", messages: [user("other")] })), "re other");
  assert.equal(upstream.calls.length, 2);
  end.open();
  assert.deepEqual(await Promise.all([first, second]), ["re one", "re two"]);
  assert.deepEqual(toDialogue(upstream.calls[2]), ["user: one", "assistant: re one", "user: two"]);
});

test("a request that brings history ignores the name and says so", async (t) => {
  const { upstream, proxy } = await startEchoing(t);
  await sayNamed(proxy, "guest", "one");
  const response = await postNamed(proxy, "guest", "", {
    temperature: 1,
    messages: [user("a"), assistant("b"), user("c")],
  });
  assert.equal(response.headers.get("x-ignored-parameters"), "temperature, x-claude-session");
  assert.equal(await readText(response), "re c");
  assert.deepEqual(toDialogue(upstream.calls[1]), ["user: a", "assistant: b", "user: c"]);
  await sayNamed(proxy, "guest", "two");
  assert.deepEqual(toDialogue(upstream.calls[2]), ["user: one", "assistant: re one", "user: two"]);
});

test("a name that no header should hold is refused", async (t) => {
  const { upstream, proxy } = await startEchoing(t);
  for (const name of ["two words", "x".repeat(201)])
    assert.equal((await readError(await postNamed(proxy, name, "hi"))).status, 400);
  assert.equal(await sayNamed(proxy, "../../../etc/passwd", "hi"), "re hi");
  assert.equal(upstream.calls.length, 1);
});

test("x-session-id, which other programs send for themselves, means nothing and is not named as ignored", async (t) => {
  const { upstream, proxy } = await startEchoing(t);
  const headers = { "x-session-id": "ses_1" };
  const ask = (system: string, ...messages: object[]): Promise<Response> =>
    proxy.chat({ model: "sonnet", messages: [{ role: "system", content: system }, ...messages] }, { headers });
  assert.equal(await readText(await ask("Find a title", user("one"))), "re one");
  assert.equal(await readText(await ask("You are an agent", user("one"))), "re one");
  const later = await ask("You are an agent", user("a"), assistant("b"), user("c"));
  assert.equal(later.headers.get("x-ignored-parameters"), null);
  assert.equal(await readText(later), "re c");
  assert.deepEqual(upstream.calls.map(toDialogue), [
    ["user: one"],
    ["user: one"],
    ["user: a", "assistant: b", "user: c"],
  ]);
});

/** The transcripts that the CLI persists in this home. */
function findTranscripts({ home }: Proxy): string[] {
  const projects = join(home, ".claude", "projects");
  if (!existsSync(projects)) return [];
  return readdirSync(projects, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jsonl"));
}

const remove = (proxy: Proxy, name: string): Promise<Response> =>
  fetch(`${proxy.url}/v1/sessions/${encodeURIComponent(name)}`, { method: "DELETE" });

test("a deleted session is gone, with its process and the CLI's transcript; the name begins anew", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await sayNamed(proxy, "a/b", "one");
  await sayNamed(proxy, "other", "1");
  const [live] = readStarts(proxy);
  assert.equal(findTranscripts(proxy).length, 2);
  const response = await remove(proxy, "a/b");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { id: "a/b", object: "session.deleted", deleted: true });
  assert.equal(isRunning(live?.pid ?? 0), false);
  assert.equal(findTranscripts(proxy).length, 1);
  assert.equal((await remove(proxy, "a/b")).status, 404);
  assert.equal((await remove(proxy, "two words")).status, 400);
  await sayNamed(proxy, "a/b", "two");
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: two"]);
  await sayNamed(proxy, "other", "2");
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: 1", "assistant: re 1", "user: 2"]);
});
