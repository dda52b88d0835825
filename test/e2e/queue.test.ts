/**
 * The line in front of the turns: fair to each client, bounded, left by whoever leaves, and a place is kept until its
 * turn ends.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readError, readText, readUntil, user } from "../helpers/answer.ts";
import { createLatch, readHealth, untilSessions } from "../helpers/client.ts";
import { startPair } from "../helpers/pair.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { toLastWords } from "../helpers/upstream.ts";
import type { Upstream } from "../helpers/upstream.ts";

const ONE_AT_ONCE = ["--max-concurrent", "1"] as const;

const ask = (words: string, rest: object = {}): object => ({ model: "sonnet", messages: [user(words)], ...rest });

function post(proxy: Proxy, words: string, signal?: AbortSignal): Promise<Response> {
  return proxy.chat(ask(words), signal ? { signal } : {});
}

/** Holds every call back after its first words, until it is let go by name. */
function holdAll(upstream: Upstream): (words: string) => void {
  const latches = new Map(["a", "b", "c", "d"].map((words) => [words, createLatch()]));
  upstream.answer((call) => {
    const words = toLastWords(call);
    return [{ text: `re ${words}` }, { until: latches.get(words)?.opened ?? Promise.resolve() }, { text: "." }];
  });
  return (words) => latches.get(words)?.open();
}

const queued = (proxy: Proxy, count: number): Promise<void> =>
  untilSessions(proxy, `${count} wait`, (sessions) => sessions.queued === count);

test("turns past the bound wait in line and are served in the order they came", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ONE_AT_ONCE);
  const release = holdAll(upstream);
  const answers = [post(proxy, "a").then(readText)];
  await upstream.called(1);
  for (const [at, words] of ["b", "c", "d"].entries()) {
    answers.push(post(proxy, words).then(readText));
    await queued(proxy, at + 1);
  }
  for (const [at, words] of ["a", "b", "c", "d"].entries()) {
    assert.equal(upstream.calls.length, at + 1);
    release(words);
    assert.equal(await answers[at], `re ${words}.`);
    if (words !== "d") await upstream.called(at + 2);
  }
  assert.deepEqual(upstream.calls.map(toLastWords), ["a", "b", "c", "d"]);
  await untilSessions(proxy, "the server is at rest", ({ busy, queued }) => busy === 0 && queued === 0);
});

test("a client that came late does not wait for all the turns of another", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ONE_AT_ONCE);
  const release = holdAll(upstream);
  const say = async (words: string, client: string): Promise<string> =>
    readText(await proxy.chat(ask(words), { headers: { "user-agent": client } }));
  const answers = [say("a", "many/1.0")];
  await upstream.called(1);
  for (const [at, words] of ["b", "c"].entries()) {
    answers.push(say(words, "many/1.0"));
    await queued(proxy, at + 1);
  }
  answers.push(say("d", "one/1.0"));
  await queued(proxy, 3);
  for (const words of ["a", "b", "c", "d"]) release(words);
  await Promise.all(answers);
  assert.deepEqual(upstream.calls.map(toLastWords), ["a", "d", "b", "c"]);
});

test("a waiter whose client leaves is out of the line, and its turn is never played", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ONE_AT_ONCE);
  const release = holdAll(upstream);
  const first = post(proxy, "a").then(readText);
  await upstream.called(1);
  const leaving = new AbortController();
  const left = assert.rejects(post(proxy, "b", leaving.signal));
  await queued(proxy, 1);
  const third = post(proxy, "c").then(readText);
  await queued(proxy, 2);
  leaving.abort();
  await left;
  await queued(proxy, 1);
  release("a");
  release("c");
  assert.deepEqual(await Promise.all([first, third]), ["re a.", "re c."]);
  assert.deepEqual(upstream.calls.map(toLastWords), ["a", "c"]);
  assert.match(await proxy.logged(/status=499/), /chat\/completions/);
});

test("a full line refuses at once with 429 and says when to come again", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ONE_AT_ONCE, "--max-queue", "1");
  const release = holdAll(upstream);
  const first = post(proxy, "a").then(readText);
  await upstream.called(1);
  const second = post(proxy, "b").then(readText);
  await queued(proxy, 1);
  for (const stream of [false, true]) {
    const refused = await proxy.chat(ask("c", { stream }));
    assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    assert.match(refused.headers.get("content-type") ?? "", /^application\/json/);
    const { status, type, code } = await readError(refused);
    assert.deepEqual([status, type, code], [429, "rate_limit_error", "rate_limit_exceeded"]);
  }
  release("a");
  release("b");
  assert.deepEqual(await Promise.all([first, second]), ["re a.", "re b."]);
  assert.equal(await readText(await post(proxy, "d".repeat(2))), "re dd.");
});

test("without a line, whatever comes during a turn is refused", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ONE_AT_ONCE, "--max-queue", "0");
  const release = holdAll(upstream);
  const first = post(proxy, "a").then(readText);
  await upstream.called(1);
  assert.equal((await post(proxy, "b")).status, 429);
  release("a");
  assert.equal(await first, "re a.");
  assert.equal((await readHealth(proxy)).code, 200);
});

test("a place is held until the turn ends, not until its headers are sent", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ONE_AT_ONCE);
  const release = holdAll(upstream);
  const stream = await readUntil(await proxy.chat(ask("a", { stream: true })), "re a");
  const second = post(proxy, "b").then(readText);
  await queued(proxy, 1);
  const { sessions } = await readHealth(proxy);
  assert.deepEqual([sessions.busy, sessions.queued], [1, 1]);
  assert.equal(upstream.calls.length, 1);
  release("a");
  assert.match(await stream.rest(), /\[DONE\]\n\n$/);
  release("b");
  assert.equal(await second, "re b.");
});

test("a turn that is hung up on gives its place to the next", async (t) => {
  const { upstream, proxy } = await startPair(t, ...ONE_AT_ONCE);
  const release = holdAll(upstream);
  const leaving = new AbortController();
  const stream = await proxy.chat(ask("a", { stream: true }), { signal: leaving.signal });
  await readUntil(stream, "re a");
  const second = post(proxy, "b").then(readText);
  await queued(proxy, 1);
  leaving.abort();
  release("b");
  assert.equal(await second, "re b.");
});
