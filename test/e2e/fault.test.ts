/** A CLI that misbehaves in every way we know of: the client gets one clear end, and the server stays whole. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { TestContext } from "node:test";
import { readAnswer, readError, readStream, readText, readUntil, user } from "../helpers/answer.ts";
import { createChat, readHealth, readStarts, untilEnded, untilSessions } from "../helpers/client.ts";
import { makeFolder } from "../helpers/folder.ts";
import { isRunning } from "../helpers/processes.ts";
import { eventually, FAKE_CLI, startProxy, withFreshLog } from "../helpers/proxy.ts";
import type { Proxy, ProxyOptions } from "../helpers/proxy.ts";

/** A proxy in front of a fake CLI, and the pids of all processes that were ever started with it. */
async function startFaulty(
  t: TestContext,
  mode: string,
  options: ProxyOptions = {},
): Promise<Proxy & { pids(): number[] }> {
  const name = join(makeFolder(t), "pids");
  const env = { FAKE_CLI: mode, FAKE_CLI_PIDS: name, ...options.env };
  const proxy = await startProxy(t, { ...options, args: ["--claude", FAKE_CLI, ...(options.args ?? [])], env });
  return {
    ...proxy,
    pids: () => (existsSync(name) ? readFileSync(name, "utf8").split("\n").filter(Boolean).map(Number) : []),
  };
}

/** Tells the CLIs of the shared proxy how to be. */
const modeFile = join(makeFolder({ after }), "mode");
writeFileSync(modeFile, "echo\n");
const shared = await startProxy(
  { after },
  { args: ["--claude", FAKE_CLI, "--spares", "0"], env: { FAKE_CLI: modeFile, FAKE_CLI_DELTAS: "20000" } },
);

/** The shared proxy, whose CLIs misbehave like this from now on; its log begins here. */
function makeFaulty(mode: string): Proxy {
  writeFileSync(modeFile, `${mode}\n`);
  return withFreshLog(shared);
}

const HI = { model: "sonnet", messages: [user("hi")] };

/** What a stream that failed in its middle must be: what came before, one error, one [DONE]. */
async function checkInBand(proxy: Proxy, before: string, type = "server_error"): Promise<string> {
  const { data, chunks, text } = await readStream(await proxy.chat({ ...HI, stream: true }));
  assert.equal(text, before);
  const errors = chunks.flatMap(({ error }) => error ?? []);
  assert.deepEqual(
    errors.map((error) => error.type),
    [type],
  );
  assert.equal(data.filter((held) => held === "[DONE]").length, 1);
  assert.deepEqual(
    data.slice(-2).map((held) => held === "[DONE]" || "error" in JSON.parse(held)),
    [true, true],
  );
  assert.equal(
    chunks.some((chunk) => chunk.choices?.[0]?.finish_reason),
    false,
    "a broken answer has no finish reason",
  );
  return errors[0]?.message ?? "";
}

for (const mode of ["die", "garbage", "longline"]) {
  test(`${mode}: half an answer ends in an error in the stream, and is a 502 as a whole`, async () => {
    const proxy = makeFaulty(mode);
    assert.match(await checkInBand(proxy, "hi"), /ended unexpectedly/);
    const { status, code } = await readError(await proxy.chat(HI));
    assert.deepEqual([status, code], [502, "bad_gateway"]);
    assert.equal(readStarts(proxy).length, 2);
    for (const { pid } of readStarts(proxy)) await untilEnded(proxy, pid);
    await untilSessions(proxy, "no turn is left", ({ busy, live }) => busy === 0 && live === 0);
  });
}

test("stillborn: a CLI that ends at once is a 502 with a sentence, and the server lives on", async () => {
  const proxy = makeFaulty("stillborn");
  for (const stream of [false, true]) {
    const { status, message } = await readError(await proxy.chat({ ...HI, stream }));
    assert.equal(status, 502);
    assert.match(message, /^Cannot .*ended unexpectedly/);
  }
  assert.equal((await readHealth(proxy)).sessions.busy, 0);
});

test("stillborn spares do not make a spawn storm", async (t) => {
  const proxy = await startFaulty(t, "stillborn", { args: ["--spares", "1"] });
  const toMs = (line: string): number => Date.parse(line.split(" ")[0] ?? "");
  const firstAt = toMs(await proxy.logged(/spare not ready .*retryMs=1000/));
  // Waits of 1 s and 2 s lie behind the line that announces one of 4 s.
  const thirdAt = toMs(await proxy.logged(/spare not ready .*retryMs=4000/));
  assert.ok(thirdAt - firstAt >= 2950, `${thirdAt - firstAt} ms`);
  assert.ok(proxy.pids().length <= 4, `${proxy.pids().length} processes in 3 s`);
});

test("requests to a stillborn CLI start at most a process for the turn and one for a spare each", async (t) => {
  const proxy = await startFaulty(t, "stillborn", { args: ["--spares", "1"] });
  await proxy.logged(/spare not ready/);
  for (let at = 0; at < 10; at++) assert.equal((await proxy.chat(HI)).status, 502);
  assert.ok(proxy.pids().length <= 2 * 10 + 2, `${proxy.pids().length} processes for 10 requests`);
});

test("silent, stall: a CLI that says nothing is a 504 after the activity timeout, in mid-answer an error in the stream", async (t) => {
  const mode = join(makeFolder(t), "mode");
  writeFileSync(mode, "silent\n");
  const proxy = await startFaulty(t, mode, { args: ["--activity-timeout", "3", "--spares", "0"] });
  const answers = [false, true].map((stream) => proxy.chat({ ...HI, stream }));
  for (const answer of answers) {
    const { status, code, message } = await readError(await answer);
    assert.deepEqual([status, code], [504, "timeout"]);
    assert.match(message, /3 seconds/);
  }
  writeFileSync(mode, "stall\n");
  assert.match(await checkInBand(proxy, "hi"), /no output/);
  for (const { pid } of readStarts(proxy)) await untilEnded(proxy, pid);
});

test("once: a process that dies at its second turn is replaced unseen", async () => {
  const proxy = makeFaulty("once");
  const chat = createChat(proxy);
  for (const words of ["one", "two", "three"]) assert.equal(await chat.say(words), words);
  assert.deepEqual(
    readStarts(proxy).map(({ as }) => as),
    ["fresh", "replay", "replay"],
  );
});

test("cut: a CLI that would go on by itself at a limit is told SIGINT at once, before it says another word", async (t) => {
  const file = join(makeFolder(t), "pids");
  const args = ["--claude", FAKE_CLI, "--spares", "0"];
  const proxy = await startProxy(t, { args, env: { FAKE_CLI: "cut", FAKE_CLI_PIDS: file } });
  const { choices, text } = await readAnswer(await proxy.chat(HI));
  assert.deepEqual([text, choices[0]?.finish_reason], ["hi", "length"]);
  const [{ pid } = assert.fail()] = readStarts(proxy);
  await untilEnded(proxy, pid);
  assert.equal(readFileSync(file, "utf8"), `${pid}\nINT\n`);
});

test("split: output cut at every byte comes out whole", async () => {
  const proxy = makeFaulty("split");
  const words = 'Grüße, 世界 👩‍👩‍👧 \u2028 "quoted" \\ back\nnew line';
  const chat = createChat(proxy);
  assert.equal(await chat.say(words), words);
  const { text } = await readStream(
    await proxy.chat({ ...HI, stream: true, messages: [...chat.messages, user(words)] }),
  );
  assert.equal(text, words);
});

test("flood: 20,000 deltas arrive one by one and in order", async () => {
  const proxy = makeFaulty("flood");
  const { data, chunks } = await readStream(await proxy.chat({ ...HI, stream: true }));
  const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.content || []);
  assert.deepEqual(
    deltas,
    Array.from({ length: 20_000 }, (_, at) => `${at} `),
  );
  assert.equal(data.at(-1), "[DONE]");
  assert.equal(await readText(await proxy.chat(HI)), deltas.join(""));
});

test("old: a CLI that cannot be trusted with text is refused, and told of", async (t) => {
  const proxy = await startFaulty(t, "old");
  const { status, message } = await readError(await proxy.chat(HI));
  assert.equal(status, 503);
  assert.match(message, /2\.1\.100.*2\.1\.281.*claude update/);
  assert.deepEqual(proxy.pids(), []);
});

test("deaf: at a hang-up, the CLI and its child are gone within 8 s", async (t) => {
  const proxy = await startFaulty(t, "deaf", { args: ["--spares", "0"] });
  const leaving = new AbortController();
  const left = assert.rejects(proxy.chat(HI, { signal: leaving.signal }));
  await eventually("the CLI and its child are there", () => proxy.pids().length === 2);
  const pids = proxy.pids();
  leaving.abort();
  await left;
  await eventually("both are gone", () => !pids.some(isRunning), 8000);
});

test("deaf: at SIGTERM, an idle CLI and its child are gone within 8 s, and so is the proxy", async (t) => {
  const proxy = await startFaulty(t, "deaf", { args: ["--spares", "1"] });
  await eventually("the CLI and its child are there", () => proxy.pids().length === 2);
  const pids = proxy.pids();
  proxy.kill("SIGTERM");
  await eventually("both are gone", () => !pids.some(isRunning), 8000);
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
});

test("deaf: at SIGTERM in mid-turn, all is over within 16 s", async (t) => {
  const proxy = await startFaulty(t, "deaf", { args: ["--spares", "0"] });
  const answer = proxy.chat(HI).then(
    ({ status }) => status,
    () => "cut",
  );
  await eventually("the CLI and its child are there", () => proxy.pids().length === 2);
  const pids = proxy.pids();
  proxy.kill("SIGTERM");
  await eventually("both are gone", () => !pids.some(isRunning), 16_000);
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
  assert.equal(await answer, "cut");
});

test("a CLI that is missing is a 503 with a sentence, and is found once it is there", async (t) => {
  const proxy = await startProxy(t, { args: ["--claude", "missing-claude"], env: { CLAUDE_MAX_API_SPARES: "1" } });
  const { status, message } = await readError(await proxy.chat(HI));
  assert.equal(status, 503);
  assert.match(message, /^Cannot run the claude CLI: \/.*missing-claude is not an executable file$/);
  const health = await readHealth(proxy);
  assert.deepEqual([health.code, health.status, health.reason], [503, "unavailable", message]);

  const path = join(proxy.home, "later-claude");
  const late = await startProxy(t, { args: ["--claude", path] });
  assert.equal((await late.chat(HI)).status, 503);
  symlinkSync(FAKE_CLI, path);
  await late.logged(/found claude/);
  assert.equal(await readText(await late.chat(HI)), "hi");
  assert.equal((await readHealth(late)).code, 200);
});

test("100 requests abandoned at any moment leave no turn, no process too many and a working server", async (t) => {
  const proxy = await startFaulty(t, "flood", { args: ["--spares", "1"], env: { FAKE_CLI_DELTAS: "1000" } });
  await readHealth(proxy);
  const leave = async (at: number): Promise<void> => {
    // Before the headers, at the first words, in mid-stream, or at the last moment.
    const signal = at % 4 === 0 ? AbortSignal.timeout((at * 7) % 150) : undefined;
    const leaving = new AbortController();
    const body = { ...HI, stream: at % 8 !== 0, messages: [user(`hi ${at}`)] };
    const response = await proxy.chat(body, { signal: signal ?? leaving.signal });
    if (at % 4 !== 0) await readUntil(response, ["", "0 ", "500 ", "[DONE]"][at % 4] ?? "");
    else await response.text();
    leaving.abort();
  };
  for (let from = 0; from < 100; from += 20) {
    const wave = Array.from({ length: 20 }, (_, at) => leave(from + at));
    await Promise.allSettled(wave);
    assert.ok(proxy.children().length <= 4 + 4 + 1, `${proxy.children().length} processes`);
  }
  await untilSessions(proxy, "no turn is left", ({ busy, queued }) => busy === 0 && queued === 0);
  await eventually("no more than sessions and spares are left", () => proxy.children().length <= 4 + 1);
  assert.match(await readText(await proxy.chat(HI)), /^0 1 .* 999 $/);
  assert.equal(
    proxy.log.some((line) => / (warn|error) /.test(line)),
    false,
    "a client that leaves is no failure",
  );
});
