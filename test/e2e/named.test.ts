/** Conversations the server keeps under `x-session-id`: clients send only what is new, and the rest is the server's to know. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { countStarts, createLatch, readError, readHealth, readStarts, readText, readUntil, untilEnded } from "../helpers/client.ts";
import { assistant, startProxy, user } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { startUpstream, toDialogue, toLastWords, toPlainMessages } from "../helpers/upstream.ts";
import type { Upstream } from "../helpers/upstream.ts";

const NO_SPARES = ["--spares", "0"];

/** Sends one new message of a named conversation. */
function post(proxy: Proxy, name: string, content: string, rest: object = {}): Promise<Response> {
  return proxy.chat({ model: "sonnet", messages: [user(content)], ...rest }, { headers: { "x-session-id": name } });
}

async function say(proxy: Proxy, name: string, content: string, rest: object = {}): Promise<string> {
  return readText(await post(proxy, name, content, rest));
}

const withSystem = (system: string, content: string): object => ({ messages: [{ role: "system", content: system }, user(content)] });

/** Answers with the words that were said, so that every history is told from every other. */
async function startEcho(t: TestContext): Promise<Upstream> {
  const upstream = await startUpstream(t);
  upstream.answer((call) => [{ text: `re ${toLastWords(call)}` }]);
  return upstream;
}

/** Ends the proxy in an orderly way and starts another in the same home. */
async function restart(t: TestContext, proxy: Proxy, upstream: Upstream): Promise<Proxy> {
  proxy.kill("SIGTERM");
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
  return startProxy(t, { upstream, home: proxy.home, args: NO_SPARES });
}

/** A home for a proxy and its successors. `remove` is for `t.after`, once all of them are started. */
function makeHome(): { home: string; remove: () => void } {
  const home = mkdtempSync(join(tmpdir(), "claude-max-api-test-"));
  return { home, remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }) };
}

test("a name keeps its conversation, in one process, with only the new messages sent", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  assert.equal(await say(proxy, "notes", "one"), "re one");
  assert.equal(await say(proxy, "notes", "two"), "re two");
  assert.equal(await say(proxy, "notes", "three", { reasoning_effort: "low" }), "re three");
  assert.deepEqual(toDialogue(upstream.calls[2]), ["user: one", "assistant: re one", "user: two", "assistant: re two", "user: three"]);
  assert.deepEqual(readStarts(proxy).map(({ as }) => as), ["begin"]);
});

test("a name survives a restart", async (t) => {
  const upstream = await startEcho(t);
  const { home, remove } = makeHome();
  const first = await startProxy(t, { upstream, home, args: NO_SPARES });
  await say(first, "notes", "one");
  await say(first, "notes", "two");
  const second = await restart(t, first, upstream);
  t.after(remove);
  await say(second, "notes", "three");
  await say(second, "notes", "four");
  const native = ["one", "two", "three"].flatMap((words) => [`user: ${words}`, `assistant: re ${words}`]);
  assert.deepEqual(toDialogue(upstream.calls[2]), [...native.slice(0, 4), "user: three"]);
  assert.deepEqual(toDialogue(upstream.calls[3]), [...native, "user: four"]);
  assert.deepEqual(readStarts(second).map(({ as }) => as), ["resume"]);
});

test("a session's system prompt holds on, also where later requests leave it out and after a restart", async (t) => {
  const upstream = await startEcho(t);
  const { home, remove } = makeHome();
  const first = await startProxy(t, { upstream, home, args: NO_SPARES });
  await say(first, "notes", "one", withSystem("Be brief.", "one"));
  await say(first, "notes", "two");
  const second = await restart(t, first, upstream);
  t.after(remove);
  await say(second, "notes", "three");
  for (const call of upstream.calls) assert.match(JSON.stringify(call.body.system), /Be brief\./, toLastWords(call));
});

test("two names do not mix, and neither does a conversation without one", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await Promise.all([say(proxy, "left", "l1"), say(proxy, "right", "r1"), readText(await proxy.chat({ model: "sonnet", messages: [user("l1")] }))]);
  await Promise.all([say(proxy, "left", "l2"), say(proxy, "right", "r2")]);
  const find = (words: string): string[] => toDialogue(upstream.calls.find((call) => toLastWords(call) === words));
  assert.deepEqual(find("l2"), ["user: l1", "assistant: re l1", "user: l2"]);
  assert.deepEqual(find("r2"), ["user: r1", "assistant: re r1", "user: r2"]);
});

test("two requests of one name at once run one after the other", async (t) => {
  const upstream = await startUpstream(t);
  const end = createLatch();
  upstream.answer((call, at) => [...(at === 0 ? [{ until: end.opened }] : []), { text: `re ${toLastWords(call)}` }]);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  const first = say(proxy, "notes", "one");
  await upstream.called(1);
  const second = say(proxy, "notes", "two");
  // A third request, of no name, overtakes the second: that one waits for its own conversation alone.
  assert.equal(await readText(await proxy.chat({ model: "sonnet", messages: [user("other")] })), "re other");
  assert.equal(upstream.calls.length, 2);
  end.open();
  assert.deepEqual(await Promise.all([first, second]), ["re one", "re two"]);
  assert.deepEqual(toDialogue(upstream.calls[2]), ["user: one", "assistant: re one", "user: two"]);
});

test("many requests of one name leave room for the others", async (t) => {
  const upstream = await startUpstream(t);
  const end = createLatch();
  upstream.answer((call, at) => [...(at === 0 ? [{ until: end.opened }] : []), { text: `re ${toLastWords(call)}` }]);
  const proxy = await startProxy(t, { upstream, args: [...NO_SPARES, "--max-concurrent", "2"] });
  const one = say(proxy, "notes", "one");
  await upstream.called(1);
  const two = say(proxy, "notes", "two");
  const { sessions } = await readHealth(proxy);
  assert.equal(sessions.live, sessions.busy);
  const other = readText(await proxy.chat({ model: "sonnet", messages: [user("other")] }, { signal: AbortSignal.timeout(20_000) }));
  await assert.doesNotReject(other, "a request of no name must not wait behind a name's line");
  end.open();
  assert.deepEqual(await Promise.all([one, two]), ["re one", "re two"]);
});

test("another system prompt under the same name is refused, whether its process lives or not", async (t) => {
  const upstream = await startEcho(t);
  const { home, remove } = makeHome();
  const first = await startProxy(t, { upstream, home, args: NO_SPARES });
  await say(first, "notes", "one", withSystem("Be brief.", "one"));
  const check = async (proxy: Proxy): Promise<void> => {
    const { status, message } = await readError(await post(proxy, "notes", "two", withSystem("Be long.", "two")));
    assert.equal(status, 400);
    assert.match(message, /system prompt/);
  };
  await check(first);
  assert.equal(await say(first, "notes", "three", withSystem(" Be brief.\n", "three")), "re three");
  const second = await restart(t, first, upstream);
  t.after(remove);
  await check(second);
  assert.equal(await say(second, "notes", "four", withSystem("Be brief.", "four")), "re four");
  assert.deepEqual(upstream.calls.map(toLastWords), ["one", "three", "four"]);
});

test("a request that brings history ignores the name and says so", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await say(proxy, "notes", "one");
  const response = await post(proxy, "notes", "", { temperature: 1, messages: [user("a"), assistant("b"), user("c")] });
  assert.equal(response.headers.get("x-ignored-parameters"), "temperature, x-session-id");
  assert.equal(await readText(response), "re c");
  assert.deepEqual(toDialogue(upstream.calls[1]), ["user: a", "assistant: b", "user: c"]);
  await say(proxy, "notes", "two");
  assert.deepEqual(toDialogue(upstream.calls[2]), ["user: one", "assistant: re one", "user: two"]);
});

test("a name that no header should hold is refused", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  for (const name of ["two words", "x".repeat(201)]) assert.equal((await readError(await post(proxy, name, "hi"))).status, 400);
  assert.equal(await say(proxy, "../../../etc/passwd", "hi"), "re hi");
  assert.equal(upstream.calls.length, 1);
});

/** Starts a turn of the session, leaves in the middle of its answer, and waits until its process is gone. */
async function leaveHalfWay(proxy: Proxy, name: string, content: string): Promise<void> {
  const leaving = new AbortController();
  const body = { model: "sonnet", stream: true, messages: [user(content)] };
  const response = await proxy.chat(body, { headers: { "x-session-id": name }, signal: leaving.signal });
  await readUntil(response, "half");
  leaving.abort();
  await untilEnded(proxy, readStarts(proxy).at(-1)?.pid);
}

test("a canceled turn leaves the session at its last whole answer", async (t) => {
  const upstream = await startUpstream(t);
  upstream.answer((call) => (toLastWords(call) === "never mind" ? [{ text: "half" }, { hang: true }] : [{ text: `re ${toLastWords(call)}` }]));
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await say(proxy, "notes", "one");
  await leaveHalfWay(proxy, "notes", "never mind");
  assert.equal(await say(proxy, "notes", "two"), "re two");
  assert.deepEqual(toDialogue(upstream.calls[2]), ["user: one", "assistant: re one", "user: two"]);
  assert.deepEqual(readStarts(proxy).map(({ as }) => as), ["begin", "resume"]);
});

test("a session whose first turn was canceled begins anew", async (t) => {
  const upstream = await startUpstream(t);
  upstream.answer((call) => (toLastWords(call) === "never mind" ? [{ text: "half" }, { hang: true }] : [{ text: `re ${toLastWords(call)}` }]));
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await leaveHalfWay(proxy, "notes", "never mind");
  assert.equal(await say(proxy, "notes", "one"), "re one");
  assert.equal(await say(proxy, "notes", "two"), "re two");
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: one", "assistant: re one", "user: two"]);
});

test("a turn that met a stop sequence is in the session as the client saw it, or not at all", async (t) => {
  const upstream = await startUpstream(t);
  upstream.answer((call) => [{ text: toLastWords(call) === "count" ? ["one ", "two ", "three"] : `re ${toLastWords(call)}` }]);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await say(proxy, "notes", "hi");
  assert.equal(await say(proxy, "notes", "count", { stop: "two" }), "one ");
  assert.equal(await say(proxy, "notes", "next"), "re next");
  const dialogue = toDialogue(upstream.calls.find((call) => toLastWords(call) === "next"));
  assert.deepEqual(dialogue.slice(0, 2), ["user: hi", "assistant: re hi"]);
  assert.doesNotMatch(dialogue.join("\n"), /three|interrupted/);
});

test("a changed model or tool list resumes the session, with not a word added", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await say(proxy, "notes", "one");
  await say(proxy, "notes", "two", { model: "opus" });
  const add = { type: "function", function: { name: "add", parameters: { type: "object", properties: {} } } };
  await say(proxy, "notes", "three", { model: "opus", tools: [add] });
  const native = ["one", "two"].flatMap((words) => [`user: ${words}`, `assistant: re ${words}`]);
  assert.deepEqual(upstream.calls.map(({ body }) => body.model), ["claude-sonnet-5-5", "claude-opus-5-5", "claude-opus-5-5"]);
  assert.deepEqual(toDialogue(upstream.calls[2]), [...native, "user: three"]);
  assert.deepEqual(upstream.calls[2]?.body.tools?.map(({ name }) => name), ["mcp__client__add"]);
  assert.deepEqual(readStarts(proxy).map(({ as }) => as), ["begin", "resume", "resume"]);
});

test("a named turn whose process was killed between turns is resumed unseen", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await say(proxy, "notes", "one");
  process.kill(readStarts(proxy)[0]?.pid ?? 0, "SIGKILL");
  assert.equal(await say(proxy, "notes", "two"), "re two");
  assert.deepEqual(toPlainMessages(upstream.calls.at(-1)).length, 3);
  assert.equal(countStarts(proxy, "resume"), 1);
});
