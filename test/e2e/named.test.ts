/**
 * Conversations the server keeps under `x-claude-session`: clients send only what is new, and the rest is the server's
 * to know.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { assistant, readError, readText, readUntil, user } from "../helpers/answer.ts";
import { createLatch, readHealth, readStarts } from "../helpers/client.ts";
import { startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { isRunning } from "../helpers/processes.ts";
import { NO_SPARES, postNamed, sayNamed } from "../helpers/session.ts";
import { startUpstream, toDialogue, toLastWords } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: [...NO_SPARES, "--max-concurrent", "2"] });
beforeEach(() => {
  upstream.reset();
  upstream.answer((call) => [{ text: `re ${toLastWords(call)}` }]);
});

/** What has been said under each name: tests go on with the conversations of others, in their processes. */
const said = new Map<string, string[]>();

/** Says something under a name, and checks that the API is told the whole conversation, and it alone. */
async function say(name: string, words: string, rest: object = {}): Promise<void> {
  const before = said.get(name) ?? [];
  assert.equal(await sayNamed(proxy, name, words, rest), `re ${words}`);
  const [seen, ...others] = upstream.calls.filter((call) => toLastWords(call) === words);
  assert.deepEqual([toDialogue(seen), others], [[...before, `user: ${words}`], []]);
  said.set(name, [...before, `user: ${words}`, `assistant: re ${words}`]);
}

/** How the processes began that were started since there were `known`. */
const startedSince = (known: number): string[] =>
  readStarts(proxy)
    .slice(known)
    .map(({ as }) => as);

test("a name keeps its conversation, in one process, with only the new messages sent", async () => {
  await say("kept", "one");
  await say("kept", "two");
  await say("kept", "three", { reasoning_effort: "low" });
  assert.deepEqual(toDialogue(upstream.calls[2]), [
    "user: one",
    "assistant: re one",
    "user: two",
    "assistant: re two",
    "user: three",
  ]);
  assert.deepEqual(startedSince(0), ["begin"]);
});

test("two names do not mix, and neither does a conversation without one", async () => {
  const nameless = proxy.chat({ model: "sonnet", messages: [user("first")] }).then(readText);
  await Promise.all([say("kept", "four"), sayNamed(proxy, "other", "first"), nameless]);
  const firsts = upstream.calls.filter((call) => toLastWords(call) === "first");
  assert.deepEqual(firsts.map(toDialogue), [["user: first"], ["user: first"]]);
  said.set("other", ["user: first", "assistant: re first"]);
  await Promise.all([say("kept", "five"), say("other", "second")]);
});

test("two requests of one name at once run one after the other, and leave room for others", async () => {
  const end = createLatch();
  upstream.answer((call, at) => [...(at === 0 ? [{ until: end.opened }] : []), { text: `re ${toLastWords(call)}` }]);
  const before = await readHealth(proxy);
  const first = sayNamed(proxy, "kept", "six");
  await upstream.called(1);
  const second = sayNamed(proxy, "kept", "seven");
  // A third request, of no name, overtakes the second: that one waits for its own conversation alone.
  const messages = [user("first"), assistant("re first"), user("another")];
  assert.equal(await readText(await proxy.chat({ model: "sonnet", messages })), "re another");
  assert.equal(upstream.calls.length, 2);
  const { sessions } = await readHealth(proxy);
  assert.deepEqual([sessions.live, sessions.busy, sessions.queued], [before.sessions.live, 1, 0]);
  end.open();
  assert.deepEqual(await Promise.all([first, second]), ["re six", "re seven"]);
  assert.deepEqual(toDialogue(upstream.calls[2]).slice(-3), ["user: six", "assistant: re six", "user: seven"]);
  said.set("kept", [...toDialogue(upstream.calls[2]), "assistant: re seven"]);
});

test("a request that brings history ignores the name and says so", async () => {
  const response = await postNamed(proxy, "kept", "", {
    temperature: 1,
    messages: [user("a"), assistant("b"), user("c")],
  });
  assert.equal(response.headers.get("x-ignored-parameters"), "temperature, x-claude-session");
  assert.equal(await readText(response), "re c");
  assert.deepEqual(toDialogue(upstream.calls[0]), ["user: a", "assistant: b", "user: c"]);
  await say("kept", "eight");
});

test("a name that no header should hold is refused", async () => {
  for (const name of ["two words", "x".repeat(201)])
    assert.equal((await readError(await postNamed(proxy, name, "hi"))).status, 400);
  assert.equal(upstream.calls.length, 0);
});

test("x-session-id, which other programs send for themselves, means nothing and is not named as ignored", async () => {
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
  const names = readdirSync(projects, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".jsonl")).map((name) => join(projects, name));
}

const remove = (proxy: Proxy, name: string): Promise<Response> =>
  fetch(`${proxy.url}/v1/sessions/${encodeURIComponent(name)}`, { method: "DELETE" });

test("a deleted session is gone, with its process and the CLI's transcript; the name begins anew", async () => {
  // A name may be anything: it is nothing but a name.
  const name = "../../../etc/passwd";
  await say(name, "a secret");
  const { pid } = readStarts(proxy).at(-1) ?? assert.fail();
  const count = findTranscripts(proxy).length;
  const response = await remove(proxy, name);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { id: name, object: "session.deleted", deleted: true });
  assert.equal(isRunning(pid), false);
  assert.equal(findTranscripts(proxy).length, count - 1);
  assert.equal((await remove(proxy, name)).status, 404);
  assert.equal((await remove(proxy, "two words")).status, 400);
  said.delete(name);
  await say(name, "another secret");
  await say("kept", "nine");
});

test("a session whose transcript is gone is a 400 that tells the cure, and begins anew after it", async () => {
  const known = findTranscripts(proxy);
  await say("lost", "one");
  for (const file of findTranscripts(proxy)) if (!known.includes(file)) rmSync(file);
  // Another model needs another process, which has to resume the session.
  const { status, message } = await readError(await postNamed(proxy, "lost", "two", { model: "opus" }));
  assert.equal(status, 400);
  assert.match(message, /session lost: the CLI's transcript of it is gone.*DELETE \/v1\/sessions\/lost$/);
  assert.equal((await remove(proxy, "lost")).status, 200);
  said.delete("lost");
  await say("lost", "three", { model: "opus" });
});

test("a session that is deleted right after a hang-up leaves no process and no transcript", async () => {
  await say("left", "one");
  const count = findTranscripts(proxy).length;
  const { pid } = readStarts(proxy).at(-1) ?? assert.fail();
  upstream.answer(() => [{ text: "half" }, { hang: true }]);
  const leaving = new AbortController();
  const body = { model: "sonnet", stream: true, messages: [user("two")] };
  const response = await proxy.chat(body, { headers: { "x-claude-session": "left" }, signal: leaving.signal });
  await readUntil(response, "half");
  leaving.abort();
  assert.equal((await remove(proxy, "left")).status, 200);
  assert.equal(isRunning(pid), false);
  assert.equal(findTranscripts(proxy).length, count - 1);
});
