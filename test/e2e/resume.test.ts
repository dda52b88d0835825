/**
 * Named conversations whose process is gone or no longer fits: they go on from the last whole answer, with not a word
 * lost or added (P58).
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { SONNET } from "../helpers/cli.ts";
import { readError, readUntil, user } from "../helpers/answer.ts";
import { readStarts, untilEnded } from "../helpers/client.ts";
import { eventually, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { makeHome, NO_SPARES, postNamed, restart, sayNamed } from "../helpers/session.ts";
import { startUpstream, toDialogue, toLastWords } from "../helpers/upstream.ts";
import type { ApiCall } from "../helpers/upstream.ts";
import { readFiles } from "../helpers/folder.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: NO_SPARES });
beforeEach(() => {
  upstream.reset();
  upstream.answer((call) => [{ text: `re ${toLastWords(call)}` }]);
});

/** The session that most tests go on with. */
const NAME = "kept";
const say = (content: string, rest: object = {}): Promise<string> => sayNamed(proxy, NAME, content, rest);

/** How the processes began that were started since there were `known`. */
const startedSince = (known: number): string[] =>
  readStarts(proxy)
    .slice(known)
    .map(({ as }) => as);

const withSystem = (system: string, content: string): object => ({
  messages: [{ role: "system", content: system }, user(content)],
});

/** What the API was told from the turn with these words on. */
function dialogueFrom(call: ApiCall | undefined, words: string): string[] {
  const dialogue = toDialogue(call);
  return dialogue.slice(dialogue.lastIndexOf(`user: ${words}`));
}

/** Has an answer to "never mind" stop half-way. */
function hangHalfWay(): void {
  upstream.answer((call) =>
    toLastWords(call) === "never mind" ? [{ text: "half" }, { hang: true }] : [{ text: `re ${toLastWords(call)}` }],
  );
}

/** Starts a turn of the session, leaves in the middle of its answer, and waits until its process is gone. */
async function leaveHalfWay(): Promise<void> {
  hangHalfWay();
  const leaving = new AbortController();
  const body = { model: "sonnet", stream: true, messages: [user("never mind")] };
  const response = await proxy.chat(body, { headers: { "x-claude-session": NAME }, signal: leaving.signal });
  await readUntil(response, "half");
  const { pid } = readStarts(proxy).at(-1) ?? assert.fail();
  leaving.abort();
  await untilEnded(proxy, pid);
}

test("a session whose first turn was canceled leaves nothing, and begins anew", async () => {
  await leaveHalfWay();
  const projects = join(proxy.home, ".claude", "projects");
  await eventually("its transcript is deleted", () => !readFiles(projects).some(({ path }) => path.endsWith(".jsonl")));
  assert.equal(await say("one"), "re one");
  assert.equal(await say("two"), "re two");
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), ["user: one", "assistant: re one", "user: two"]);
});

test("a canceled turn leaves the session at its last whole answer", async () => {
  await say("three");
  const known = readStarts(proxy).length;
  await leaveHalfWay();
  assert.equal(await say("four"), "re four");
  assert.deepEqual(dialogueFrom(upstream.calls.at(-1), "three"), ["user: three", "assistant: re three", "user: four"]);
  assert.deepEqual(startedSince(known), ["resume"]);
});

test("a turn that met a stop sequence is in the session as the client saw it, or not at all", async () => {
  upstream.answer((call) => [
    { text: toLastWords(call) === "count" ? ["one ", "two ", "three"] : `re ${toLastWords(call)}` },
  ]);
  await say("hi");
  assert.equal(await say("count", { stop: "two" }), "one ");
  assert.equal(await say("next"), "re next");
  const dialogue = dialogueFrom(
    upstream.calls.find((call) => toLastWords(call) === "next"),
    "hi",
  );
  assert.deepEqual(dialogue.slice(0, 2), ["user: hi", "assistant: re hi"]);
  assert.doesNotMatch(dialogue.join("\n"), /three|interrupted/);
});

test("an answer that met its limit of tokens is in the session, also as its first; a refused one is not", async () => {
  const known = readStarts(proxy).length;
  const stops: Readonly<Record<string, string>> = { long: "max_tokens", longer: "max_tokens", bad: "refusal" };
  upstream.answer((call) => {
    const words = toLastWords(call);
    return [{ text: `re ${words}` }, ...(words in stops ? [{ stop: stops[words] ?? "" }] : [])];
  });
  for (const words of ["long", "short", "longer", "bad", "last"])
    assert.equal(await sayNamed(proxy, "limited", words, withSystem("Be brief.", words)), `re ${words}`);
  const call = upstream.calls.findLast((each) => toLastWords(each) === "last");
  const native = ["long", "short", "longer"].flatMap((words) => [`user: ${words}`, `assistant: re ${words}`]);
  assert.deepEqual(toDialogue(call), [...native, "user: last"]);
  assert.match(JSON.stringify(call?.body.system), /Be brief/);
  assert.deepEqual(startedSince(known), ["begin", "resume", "resume", "resume"]);
});

test("a changed model resumes the session, with not a word added", async () => {
  await say("five");
  const known = readStarts(proxy).length;
  await say("six", { model: "opus" });
  assert.deepEqual(
    upstream.calls.map(({ body }) => body.model),
    [SONNET, "claude-opus-5-5"],
  );
  assert.deepEqual(dialogueFrom(upstream.calls[1], "five"), ["user: five", "assistant: re five", "user: six"]);
  assert.deepEqual(startedSince(known), ["resume"]);
});

test("a changed tool list resumes the session, with the tools that were sent", async () => {
  const add = { type: "function", function: { name: "add", parameters: { type: "object", properties: {} } } };
  const [model, tools] = ["opus", [add]];
  await say("seven", { model });
  await say("eight", { model, tools });
  await say("nine", { model });
  assert.deepEqual(
    upstream.calls.map(({ body }) => (body.tools ?? []).map(({ name }) => name)),
    [[], ["mcp__client__add"], []],
  );
  assert.deepEqual(dialogueFrom(upstream.calls[1], "seven"), ["user: seven", "assistant: re seven", "user: eight"]);
});

test("a session goes on with all that was said, whether its processes were killed or ended in order", async () => {
  const known = readStarts(proxy).length;
  const killLast = (): void => void process.kill(readStarts(proxy).at(-1)?.pid ?? 0, "SIGKILL");
  await sayNamed(proxy, "killed", "one");
  killLast();
  await sayNamed(proxy, "killed", "two");
  // Another model: the process before it ends in order, and tells in the transcript how far it came.
  await sayNamed(proxy, "killed", "three", { model: "opus" });
  await sayNamed(proxy, "killed", "four", { model: "opus" });
  killLast();
  await sayNamed(proxy, "killed", "five", { model: "opus" });
  const native = ["one", "two", "three", "four"].flatMap((words) => [`user: ${words}`, `assistant: re ${words}`]);
  assert.deepEqual(toDialogue(upstream.calls.at(-1)), [...native, "user: five"]);
  assert.deepEqual(startedSince(known), ["begin", "resume", "resume", "resume"]);
});

test("names survive a restart, with their histories and system prompts; another prompt is refused before and after it", async (t) => {
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
