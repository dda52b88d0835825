/**
 * Named conversations whose process is gone or no longer fits: they go on from the last whole answer, with not a word
 * lost or added (P58).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SONNET } from "../helpers/cli.ts";
import { readError, readUntil, user } from "../helpers/answer.ts";
import { countStarts, readStarts, untilEnded } from "../helpers/client.ts";
import { startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { makeHome, NO_SPARES, postNamed, restart, sayNamed, startEcho } from "../helpers/session.ts";
import { startUpstream, toDialogue, toLastWords } from "../helpers/upstream.ts";

const withSystem = (system: string, content: string): object => ({
  messages: [{ role: "system", content: system }, user(content)],
});

test("a name survives a restart", async (t) => {
  const upstream = await startEcho(t);
  const { home, remove } = makeHome();
  const first = await startProxy(t, { upstream, home, args: NO_SPARES });
  await sayNamed(first, "notes", "one");
  await sayNamed(first, "notes", "two");
  const second = await restart(t, first, upstream);
  t.after(remove);
  await sayNamed(second, "notes", "three");
  await sayNamed(second, "notes", "four");
  const native = ["one", "two", "three"].flatMap((words) => [`user: ${words}`, `assistant: re ${words}`]);
  assert.deepEqual(toDialogue(upstream.calls[2]), [...native.slice(0, 4), "user: three"]);
  assert.deepEqual(toDialogue(upstream.calls[3]), [...native, "user: four"]);
  assert.deepEqual(
    readStarts(second).map(({ as }) => as),
    ["resume"],
  );
});

test("a session's system prompt holds on, also where later requests leave it out and after a restart", async (t) => {
  const upstream = await startEcho(t);
  const { home, remove } = makeHome();
  const first = await startProxy(t, { upstream, home, args: NO_SPARES });
  await sayNamed(first, "notes", "one", withSystem("Be brief.", "one"));
  await sayNamed(first, "notes", "two");
  const second = await restart(t, first, upstream);
  t.after(remove);
  await sayNamed(second, "notes", "three");
  assert.equal(upstream.calls.length, 3);
  for (const call of upstream.calls) assert.match(JSON.stringify(call.body.system), /Be brief\./, toLastWords(call));
});

test("another system prompt under the same name is refused, whether its process lives or not", async (t) => {
  const upstream = await startEcho(t);
  const { home, remove } = makeHome();
  const first = await startProxy(t, { upstream, home, args: NO_SPARES });
  await sayNamed(first, "notes", "one", withSystem("Be brief.", "one"));
  const check = async (proxy: Proxy): Promise<void> => {
    const { status, message } = await readError(await postNamed(proxy, "notes", "two", withSystem("Be long.", "two")));
    assert.equal(status, 400);
    assert.match(message, /system prompt/);
  };
  await check(first);
  assert.equal(await sayNamed(first, "notes", "three", withSystem(" Be brief.\n", "three")), "re three");
  const second = await restart(t, first, upstream);
  t.after(remove);
  await check(second);
  assert.equal(await sayNamed(second, "notes", "four", withSystem("Be brief.", "four")), "re four");
  assert.deepEqual(upstream.calls.map(toLastWords), ["one", "three", "four"]);
});

/** Starts a turn of the session, leaves in the middle of its answer, and waits until its process is gone. */
async function leaveHalfWay(proxy: Proxy, name: string, content: string): Promise<void> {
  const leaving = new AbortController();
  const body = { model: "sonnet", stream: true, messages: [user(content)] };
  const response = await proxy.chat(body, { headers: { "x-claude-session": name }, signal: leaving.signal });
  await readUntil(response, "half");
  leaving.abort();
  await untilEnded(proxy, readStarts(proxy).at(-1)?.pid);
}

test("a canceled turn leaves the session at its last whole answer", async (t) => {
  const upstream = await startUpstream(t);
  upstream.answer((call) =>
    toLastWords(call) === "never mind" ? [{ text: "half" }, { hang: true }] : [{ text: `re ${toLastWords(call)}` }],
  );
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await sayNamed(proxy, "notes", "one");
  await leaveHalfWay(proxy, "notes", "never mind");
  assert.equal(await sayNamed(proxy, "notes", "two"), "re two");
  assert.deepEqual(toDialogue(upstream.calls[2]), ["user: one", "assistant: re one", "user: two"]);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["begin", "resume"],
  );
});

test("a session whose first turn was canceled begins anew", async (t) => {
  const upstream = await startUpstream(t);
  upstream.answer((call) =>
    toLastWords(call) === "never mind" ? [{ text: "half" }, { hang: true }] : [{ text: `re ${toLastWords(call)}` }],
  );
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await leaveHalfWay(proxy, "notes", "never mind");
  assert.equal(await sayNamed(proxy, "notes", "one"), "re one");
  assert.equal(await sayNamed(proxy, "notes", "two"), "re two");
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: one", "assistant: re one", "user: two"]);
});

test("a turn that met a stop sequence is in the session as the client saw it, or not at all", async (t) => {
  const upstream = await startUpstream(t);
  upstream.answer((call) => [
    { text: toLastWords(call) === "count" ? ["one ", "two ", "three"] : `re ${toLastWords(call)}` },
  ]);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await sayNamed(proxy, "notes", "hi");
  assert.equal(await sayNamed(proxy, "notes", "count", { stop: "two" }), "one ");
  assert.equal(await sayNamed(proxy, "notes", "next"), "re next");
  const dialogue = toDialogue(upstream.calls.find((call) => toLastWords(call) === "next"));
  assert.deepEqual(dialogue.slice(0, 2), ["user: hi", "assistant: re hi"]);
  assert.doesNotMatch(dialogue.join("\n"), /three|interrupted/);
});

test("a changed model resumes the session, with not a word added", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await sayNamed(proxy, "notes", "one");
  await sayNamed(proxy, "notes", "two", { model: "opus" });
  assert.deepEqual(
    upstream.calls.map(({ body }) => body.model),
    [SONNET, "claude-opus-5-5"],
  );
  assert.deepEqual(toDialogue(upstream.calls[1]), ["user: one", "assistant: re one", "user: two"]);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["begin", "resume"],
  );
});

test("a changed tool list resumes the session, with the tools that were sent", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  const add = { type: "function", function: { name: "add", parameters: { type: "object", properties: {} } } };
  await sayNamed(proxy, "notes", "one");
  await sayNamed(proxy, "notes", "two", { tools: [add] });
  await sayNamed(proxy, "notes", "three");
  assert.deepEqual(
    upstream.calls.map(({ body }) => (body.tools ?? []).map(({ name }) => name)),
    [[], ["mcp__client__add"], []],
  );
  assert.deepEqual(toDialogue(upstream.calls[1]), ["user: one", "assistant: re one", "user: two"]);
});

test("a named turn whose process was killed between turns is resumed unseen", async (t) => {
  const upstream = await startEcho(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  await sayNamed(proxy, "notes", "one");
  process.kill(readStarts(proxy)[0]?.pid ?? 0, "SIGKILL");
  assert.equal(await sayNamed(proxy, "notes", "two"), "re two");
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: one", "assistant: re one", "user: two"]);
  assert.equal(countStarts(proxy, "resume"), 1);
});
