/**
 * Named conversations whose process is gone or no longer fits: they go on from the last whole answer, with not a word
 * lost or added (P58).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SONNET } from "../helpers/cli.ts";
import { readError, readUntil, user } from "../helpers/answer.ts";
import { countStarts, readStarts, untilEnded } from "../helpers/client.ts";
import { startPair } from "../helpers/pair.ts";
import type { Pair } from "../helpers/pair.ts";
import { startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import type { Scope } from "../helpers/scope.ts";
import { makeHome, NO_SPARES, postNamed, restart, sayNamed, startEcho } from "../helpers/session.ts";
import { toDialogue, toLastWords } from "../helpers/upstream.ts";

/** A pair whose API answers with the words that were said; names of other tests are not used again. */
async function startEchoing(t: Scope): Promise<Pair> {
  const pair = await startPair(t);
  pair.upstream.answer((call) => [{ text: `re ${toLastWords(call)}` }]);
  return pair;
}

const withSystem = (system: string, content: string): object => ({
  messages: [{ role: "system", content: system }, user(content)],
});

test("names survive a restart, with their histories and system prompts; another prompt is refused before and after it", async (t) => {
  const upstream = await startEcho(t);
  const { home, remove } = makeHome();
  const first = await startProxy(t, { upstream, home, args: NO_SPARES });
  for (const words of ["one", "two"]) await sayNamed(first, "plain", words);
  await sayNamed(first, "brief", "red", withSystem("Be brief.", "red"));
  await sayNamed(first, "brief", "blue");
  const checkRefusal = async (proxy: Proxy): Promise<void> => {
    const { status, message } = await readError(await postNamed(proxy, "brief", "no", withSystem("Be long.", "no")));
    assert.equal(status, 400);
    assert.match(message, /system prompt/);
  };
  await checkRefusal(first);
  assert.equal(await sayNamed(first, "brief", "pink", withSystem(" Be brief.\n", "pink")), "re pink");
  const second = await restart(t, first, upstream);
  t.after(remove);
  await checkRefusal(second);
  for (const words of ["three", "four"]) await sayNamed(second, "plain", words);
  assert.equal(await sayNamed(second, "brief", "grey"), "re grey");
  assert.equal(await sayNamed(second, "brief", "black", withSystem("Be brief.", "black")), "re black");

  const find = (words: string): string[] => toDialogue(upstream.calls.find((call) => toLastWords(call) === words));
  const toNative = (...said: readonly string[]): string[] =>
    said.flatMap((words) => [`user: ${words}`, `assistant: re ${words}`]);
  assert.deepEqual(find("three"), [...toNative("one", "two"), "user: three"]);
  assert.deepEqual(find("four"), [...toNative("one", "two", "three"), "user: four"]);
  assert.deepEqual(find("black"), [...toNative("red", "blue", "pink", "grey"), "user: black"]);
  assert.deepEqual(
    readStarts(second).map(({ as }) => as),
    ["resume", "resume"],
  );
  assert.deepEqual(
    upstream.calls.map((call) => [toLastWords(call), JSON.stringify(call.body.system).includes("Be brief.")]),
    ["one", "two", "*red", "*blue", "*pink", "three", "four", "*grey", "*black"].map((words) => [
      words.replace("*", ""),
      words.startsWith("*"),
    ]),
  );
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
  const { upstream, proxy } = await startPair(t);
  upstream.answer((call) =>
    toLastWords(call) === "never mind" ? [{ text: "half" }, { hang: true }] : [{ text: `re ${toLastWords(call)}` }],
  );
  await sayNamed(proxy, "canceled", "one");
  await leaveHalfWay(proxy, "canceled", "never mind");
  assert.equal(await sayNamed(proxy, "canceled", "two"), "re two");
  assert.deepEqual(toDialogue(upstream.calls[2]), ["user: one", "assistant: re one", "user: two"]);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["begin", "resume"],
  );
});

test("a session whose first turn was canceled begins anew", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer((call) =>
    toLastWords(call) === "never mind" ? [{ text: "half" }, { hang: true }] : [{ text: `re ${toLastWords(call)}` }],
  );
  await leaveHalfWay(proxy, "unbegun", "never mind");
  assert.equal(await sayNamed(proxy, "unbegun", "one"), "re one");
  assert.equal(await sayNamed(proxy, "unbegun", "two"), "re two");
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: one", "assistant: re one", "user: two"]);
});

test("a turn that met a stop sequence is in the session as the client saw it, or not at all", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer((call) => [
    { text: toLastWords(call) === "count" ? ["one ", "two ", "three"] : `re ${toLastWords(call)}` },
  ]);
  await sayNamed(proxy, "stopped", "hi");
  assert.equal(await sayNamed(proxy, "stopped", "count", { stop: "two" }), "one ");
  assert.equal(await sayNamed(proxy, "stopped", "next"), "re next");
  const dialogue = toDialogue(upstream.calls.find((call) => toLastWords(call) === "next"));
  assert.deepEqual(dialogue.slice(0, 2), ["user: hi", "assistant: re hi"]);
  assert.doesNotMatch(dialogue.join("\n"), /three|interrupted/);
});

test("a changed model resumes the session, with not a word added", async (t) => {
  const { upstream, proxy } = await startEchoing(t);
  await sayNamed(proxy, "model", "one");
  await sayNamed(proxy, "model", "two", { model: "opus" });
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
  const { upstream, proxy } = await startEchoing(t);
  const add = { type: "function", function: { name: "add", parameters: { type: "object", properties: {} } } };
  await sayNamed(proxy, "tools", "one");
  await sayNamed(proxy, "tools", "two", { tools: [add] });
  await sayNamed(proxy, "tools", "three");
  assert.deepEqual(
    upstream.calls.map(({ body }) => (body.tools ?? []).map(({ name }) => name)),
    [[], ["mcp__client__add"], []],
  );
  assert.deepEqual(toDialogue(upstream.calls[1]), ["user: one", "assistant: re one", "user: two"]);
});

test("a named turn whose process was killed between turns is resumed unseen", async (t) => {
  const { upstream, proxy } = await startEchoing(t);
  await sayNamed(proxy, "killed", "one");
  process.kill(readStarts(proxy)[0]?.pid ?? 0, "SIGKILL");
  assert.equal(await sayNamed(proxy, "killed", "two"), "re two");
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: one", "assistant: re one", "user: two"]);
  assert.equal(countStarts(proxy, "resume"), 1);
});
