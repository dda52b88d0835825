/** Long tasks with the CLI's own tools: many rounds, silence, hang-ups and crashes, and what they leave behind. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import type { TestContext } from "node:test";
import { assistant, readStream, readText, user } from "../helpers/answer.ts";
import { isRunning, killAny } from "../helpers/processes.ts";
import { eventually, FAKE_CLI, startProxy } from "../helpers/proxy.ts";
import { EXPECTED_USAGE, startUpstream } from "../helpers/upstream.ts";
import type { Step } from "../helpers/upstream.ts";

const ROUNDS = 25;

const ask = { model: "opus", messages: [user("go")] };
const bash = (command: string): Step => ({ tool: "Bash", input: { command } });
const isError = (held: { error?: unknown }): boolean => held.error !== undefined;

const FULL = { args: ["--tools", "full", "--spares", "0"], env: { IS_SANDBOX: "1" } };
const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, ...FULL });
const workspace = join(proxy.home, ".claude-max-api/workspace");

beforeEach(async () => {
  killAny(proxy.children());
  await eventually("no process of an earlier test is left", () => proxy.children().length === 0);
  for (const name of ["pids", "other"]) rmSync(join(workspace, name), { force: true });
  upstream.reset();
});

/** Answers the next calls with these rounds, in order, and then with a last text. */
function play(rounds: readonly (readonly Step[])[]): void {
  const first = upstream.calls.length;
  upstream.answer((_call, at) => rounds[at - first] ?? [{ text: "finished" }]);
}

interface Whole {
  readonly choices: { readonly message: { readonly content: string; readonly reasoning_content?: string } }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

/** A command that tells the processes of a running tool: one of its own, one detached, one without its environment. */
const LINGER =
  "echo $$ > pids; setsid sleep 300 & echo $! >> pids; env -i sleep 300 & echo $! >> pids; echo end >> pids; sleep 300";

/** Waits until `LINGER` runs, and gives its processes. */
async function toolPids(home = proxy.home): Promise<number[]> {
  const file = join(home, ".claude-max-api/workspace/pids");
  await eventually("the tool runs", () => existsSync(file) && readFileSync(file, "utf8").endsWith("end\n"));
  const pids = readFileSync(file, "utf8").trim().split("\n").slice(0, -1).map(Number);
  assert.equal(pids.length, 3);
  assert.ok(pids.every(isRunning));
  return pids;
}

const allGone = (pids: readonly number[]) => eventually("the tool's processes are gone", () => !pids.some(isRunning));

/** Kills what a failing test would leave. */
function killAfter(t: TestContext, pids: readonly number[]): void {
  t.after(() => killAny(pids));
}

test(`a task of ${ROUNDS} rounds is one answer: the text of all, and nothing of the tools, by one process`, async () => {
  const rounds = Array.from({ length: ROUNDS }, (_, at) => [
    { text: [`This is `, `round ${at}.`] },
    bash(`echo output-of-${at}`),
  ]);
  const expected = [...rounds.keys()]
    .map((at) => `This is round ${at}.`)
    .concat("finished")
    .join("\n\n");
  /** What has been said after so many answers. */
  const toMessages = (count: number): object[] => [
    ...Array.from({ length: count }, () => [user("go"), assistant(expected)]).flat(),
    user("go"),
  ];
  // The tools did run: what they printed is in what the API was given.
  const checkOutputs = (): void => {
    const messages = JSON.stringify(upstream.calls.at(-1)?.body.messages);
    for (const at of rounds.keys()) assert.ok(messages.includes(`"output-of-${at}"`));
  };

  play(rounds);
  const whole = (await (await proxy.chat(ask)).json()) as Whole;
  assert.equal(whole.choices[0]?.message.content, expected);
  assert.equal(whole.choices[0]?.message.reasoning_content, undefined);
  assert.equal(whole.usage.completion_tokens, (ROUNDS + 1) * EXPECTED_USAGE.completion_tokens);
  assert.equal(whole.usage.prompt_tokens, (ROUNDS + 1) * EXPECTED_USAGE.prompt_tokens);
  checkOutputs();
  const clis = proxy.children();
  assert.equal(clis.length, 1);

  // The next message goes to the process that has run the tools, which knows what they printed.
  upstream.answer(() => [{ text: expected }]);
  await (await proxy.chat({ ...ask, messages: toMessages(1) })).text();
  assert.deepEqual(proxy.children(), clis);
  checkOutputs();

  play(rounds);
  const plain = await readStream(await proxy.chat({ ...ask, messages: toMessages(2), stream: true }));
  assert.equal(plain.text, expected);
  assert.ok(
    plain.chunks.every(
      ({ choices }) => choices[0]?.delta.reasoning_content === undefined && choices[0]?.delta.tool_calls === undefined,
    ),
  );

  play(rounds);
  const stream = { stream: true, stream_options: { include_progress: true } };
  const told = await readStream(await proxy.chat({ ...ask, messages: toMessages(3), ...stream }));
  assert.equal(told.text, expected);
  const lines = told.chunks.flatMap(({ choices }) => choices[0]?.delta.reasoning_content ?? []);
  assert.deepEqual(
    lines,
    rounds.map(() => "Running Bash: echo\n"),
  );
  assert.equal(told.data.at(-1), "[DONE]");
  assert.deepEqual(proxy.children(), clis);
});

test("an API call that fails between two rounds is repeated, and no text is lost, streamed and whole", async () => {
  const rounds = [
    [{ text: "one" }, bash("true")],
    [{ status: 500 }],
    [{ text: "two" }, bash("true")],
    [{ status: 500 }],
    [{ text: "three" }],
  ];
  const expected = "one\n\ntwo\n\nthree";
  play(rounds);
  const response = await proxy.chat({ ...ask, stream: true });
  assert.equal(response.status, 200);
  assert.equal((await readStream(response)).text, expected);
  assert.equal(upstream.calls.length, 5);
  play(rounds);
  assert.equal(
    await readText(await proxy.chat({ ...ask, messages: [user("go"), assistant(expected), user("go")] })),
    expected,
  );
  assert.equal(upstream.calls.length, 10);
});

test("a tool that is silent for more than a minute completes, streamed and not; comments keep the stream alive", async () => {
  upstream.answer(({ body }) => {
    const last = JSON.stringify(body.messages.findLast(({ role }) => role === "user"));
    return last.includes("tool_result") ? [{ text: "finished" }] : [{ text: "one" }, bash("sleep 65")];
  });
  const [raw, whole] = await Promise.all([
    proxy.chat({ ...ask, stream: true }).then((response) => response.text()),
    proxy.chat({ ...ask, messages: [user("as a whole")] }).then((response) => response.json() as Promise<Whole>),
  ]);
  // One comment every 15 seconds, and a sign of the CLI's now and then in their place.
  assert.ok(raw.split("\n\n").filter((event) => event === ":").length >= 3);
  assert.ok(raw.indexOf('"one"') < raw.indexOf("\n\n:\n\n") && raw.indexOf("\n\n:\n\n") < raw.indexOf("finished"));
  assert.equal(whole.choices[0]?.message.content, "one\n\nfinished");
});

test("a tool that is silent for longer than may be ends its turn and itself, streamed and whole", async (t) => {
  // Warm processes, so that the silence is the tool's and not that of a start on a busy machine.
  const args = ["--tools", "full", "--spares", "2", "--activity-timeout", "5", "--log-level", "trace"];
  const proxy = await startProxy(t, { upstream, ...FULL, args });
  const countWarm = (): number => proxy.log.filter((line) => /control_response.*\br1\b/.test(line)).length;
  await eventually("two processes are warm", () => countWarm() >= 2);
  for (const stream of [true, false]) {
    // The first call of a tool starts the shell, which takes a while of its own.
    play([[bash("true")], [{ text: "one" }, bash(LINGER)]]);
    const answer = proxy.chat({ ...ask, stream });
    const pids = await toolPids(proxy.home);
    killAfter(t, pids);
    const response = await answer;
    if (stream) {
      const { chunks, data, text } = await readStream(response);
      assert.deepEqual([response.status, text, data.at(-1)], [200, "one", "[DONE]"]);
      assert.match(chunks.find(isError)?.error?.message ?? "", /no output from the CLI for 5 seconds/);
    } else {
      assert.equal(response.status, 504);
      assert.match(await response.text(), /no output from the CLI for 5 seconds/);
    }
    await eventually("the tool is gone", () => !isRunning(pids[0] ?? 0));
    rmSync(join(proxy.home, ".claude-max-api/workspace/pids"));
  }
});

test("a CLI that is killed takes its tools with it and no other's; a hang-up ends the other's; the server goes on", async (t) => {
  play([[bash(LINGER)], [{ text: "one" }, bash("echo $$ > other; sleep 300")]]);
  const doomed = proxy.chat(ask);
  const pids = await toolPids();
  killAfter(t, pids);
  const [doomedCli] = proxy.children();
  const leaving = new AbortController();
  const spared = proxy.chat({ ...ask, stream: true }, { signal: leaving.signal });
  const file = join(workspace, "other");
  await eventually("the other tool runs", () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"));
  const other = Number(readFileSync(file, "utf8"));
  killAfter(t, [other]);
  process.kill(doomedCli ?? 0, "SIGKILL");
  assert.equal((await doomed).status, 502);
  await allGone(pids);
  assert.ok(isRunning(other));

  leaving.abort();
  await assert.rejects(spared.then((response) => response.text()));
  await eventually("the other tool and its CLI are gone", () => !isRunning(other) && proxy.children().length === 0);

  play([]);
  assert.equal((await proxy.chat(ask)).status, 200);
});

test("a CLI that begins a turn by itself is ended, and its words are no answer to the next request", async (t) => {
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI, "--spares", "0"], env: { FAKE_CLI: "restless" } });
  const first = (await (await proxy.chat({ model: "opus", messages: [user("first")] })).json()) as Whole;
  assert.equal(first.choices[0]?.message.content, "first");
  await eventually("it is let go", () => proxy.children().length === 0);
  const second = (await (
    await proxy.chat({ model: "opus", messages: [user("first"), assistant("first"), user("second")] })
  ).json()) as Whole;
  assert.equal(second.choices[0]?.message.content, "second");
});

// The last: it ends the proxy that the tests share.
test("SIGHUP, as when the terminal is closed, ends the server, its CLI and the shells of a running tool", async (t) => {
  play([[bash(LINGER)]]);
  proxy.chat(ask).catch(() => undefined);
  const pids = await toolPids();
  killAfter(t, pids);
  const clis = proxy.children();
  proxy.kill("SIGHUP");
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
  assert.deepEqual(clis.filter(isRunning), []);
  await allGone(pids);
});
