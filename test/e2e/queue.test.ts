/**
 * The line in front of the turns: fair to each client, bounded, left by whoever leaves, and a place is kept until its
 * turn ends.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { readError, readText, readUntil, user } from "../helpers/answer.ts";
import { readHealth, untilSessions } from "../helpers/client.ts";
import { makeFolder } from "../helpers/folder.ts";
import { eventually, FAKE_CLI, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";

const WORDS = ["a", "b", "c", "d"] as const;
const folder = makeFolder({ after });
const turnsFile = join(folder, "turns");

/** Has room for one turn, each held back after its first words until it is let go by name. */
function startOne(...args: readonly string[]): Promise<Proxy> {
  const env = { FAKE_CLI: "held", FAKE_CLI_FOLDER: folder };
  const one = ["--claude", FAKE_CLI, "--spares", "0", "--max-concurrent", "1"];
  return startProxy({ after }, { args: [...one, ...args], env });
}

const proxy = await startOne();
const short = await startOne("--max-queue", "1");
const none = await startOne("--max-queue", "0");

beforeEach(() => {
  for (const name of [...WORDS, "turns"]) rmSync(join(folder, name), { force: true });
});

const ask = (words: string, rest: object = {}): object => ({ model: "sonnet", messages: [user(words)], ...rest });

function post(to: Proxy, words: string, signal?: AbortSignal): Promise<Response> {
  return to.chat(ask(words), signal ? { signal } : {});
}

/** Lets turns of these words go on to their end. */
function release(...all: readonly string[]): void {
  for (const words of all) writeFileSync(join(folder, words), "");
}

/** What was played so far, oldest first. */
function readTurns(): string[] {
  return existsSync(turnsFile) ? readFileSync(turnsFile, "utf8").split("\n").filter(Boolean) : [];
}

const played = (count: number): Promise<void> => eventually(`${count} are played`, () => readTurns().length === count);

const queued = (count: number, from: Proxy = proxy): Promise<void> =>
  untilSessions(from, `${count} wait`, (sessions) => sessions.queued === count);

test("turns past the bound wait in line and are served in the order they came", async () => {
  const answers = [post(proxy, "a").then(readText)];
  await played(1);
  for (const [at, words] of ["b", "c", "d"].entries()) {
    answers.push(post(proxy, words).then(readText));
    await queued(at + 1);
  }
  for (const [at, words] of WORDS.entries()) {
    assert.equal(readTurns().length, at + 1);
    release(words);
    assert.equal(await answers[at], `re ${words}.`);
    if (words !== "d") await played(at + 2);
  }
  assert.deepEqual(readTurns(), WORDS);
  await untilSessions(proxy, "the server is at rest", ({ busy, queued }) => busy === 0 && queued === 0);
});

test("a client that came late does not wait for all the turns of another", async () => {
  const say = async (words: string, client: string): Promise<string> =>
    readText(await proxy.chat(ask(words), { headers: { "user-agent": client } }));
  const answers = [say("a", "many/1.0")];
  await played(1);
  for (const [at, words] of ["b", "c"].entries()) {
    answers.push(say(words, "many/1.0"));
    await queued(at + 1);
  }
  answers.push(say("d", "one/1.0"));
  await queued(3);
  release(...WORDS);
  await Promise.all(answers);
  assert.deepEqual(readTurns(), ["a", "d", "b", "c"]);
});

test("a waiter whose client leaves is out of the line, and its turn is never played", async () => {
  const first = post(proxy, "a").then(readText);
  await played(1);
  const leaving = new AbortController();
  const left = assert.rejects(post(proxy, "b", leaving.signal));
  await queued(1);
  const third = post(proxy, "c").then(readText);
  await queued(2);
  leaving.abort();
  await left;
  await queued(1);
  release("a", "c");
  assert.deepEqual(await Promise.all([first, third]), ["re a.", "re c."]);
  assert.deepEqual(readTurns(), ["a", "c"]);
  assert.match(await proxy.logged(/status=499/), /chat\/completions/);
});

test("a full line refuses at once with 429 and says when to come again", async () => {
  const first = post(short, "a").then(readText);
  await played(1);
  const second = post(short, "b").then(readText);
  await queued(1, short);
  for (const stream of [false, true]) {
    const refused = await short.chat(ask("c", { stream }));
    assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    assert.match(refused.headers.get("content-type") ?? "", /^application\/json/);
    const { status, type, code } = await readError(refused);
    assert.deepEqual([status, type, code], [429, "rate_limit_error", "rate_limit_exceeded"]);
  }
  release("a", "b");
  assert.deepEqual(await Promise.all([first, second]), ["re a.", "re b."]);
  release("d");
  assert.equal(await readText(await post(short, "d")), "re d.");
});

test("without a line, whatever comes during a turn is refused", async () => {
  const first = post(none, "a").then(readText);
  await played(1);
  assert.equal((await post(none, "b")).status, 429);
  release("a");
  assert.equal(await first, "re a.");
  assert.equal((await readHealth(none)).code, 200);
});

test("a place is held until the turn ends, not until its headers are sent", async () => {
  const stream = await readUntil(await proxy.chat(ask("a", { stream: true })), "re a");
  const second = post(proxy, "b").then(readText);
  await queued(1);
  const { sessions } = await readHealth(proxy);
  assert.deepEqual([sessions.busy, sessions.queued], [1, 1]);
  assert.equal(readTurns().length, 1);
  release("a");
  assert.match(await stream.rest(), /\[DONE\]\n\n$/);
  release("b");
  assert.equal(await second, "re b.");
});

test("a turn that is hung up on gives its place to the next", async () => {
  const leaving = new AbortController();
  const stream = await proxy.chat(ask("a", { stream: true }), { signal: leaving.signal });
  await readUntil(stream, "re a");
  const second = post(proxy, "b").then(readText);
  await queued(1);
  leaving.abort();
  release("b");
  assert.equal(await second, "re b.");
});
