/** How things end: a client that leaves takes its turn along, and the program leaves no process behind. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { readAnswer, readFinish, user } from "../helpers/answer.ts";
import { createChat } from "../helpers/client.ts";
import { makeFolder } from "../helpers/folder.ts";
import { startPair } from "../helpers/pair.ts";
import { isRunning, LINUX_ONLY } from "../helpers/processes.ts";
import { eventually, FAKE_CLI, PROGRAM, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { Upstream } from "../helpers/upstream.ts";

/** Runs a script in a shell, as npm does. */
const NPM = `require("node:child_process").spawn("sh", ["-c", process.argv[1]], { stdio: "inherit" })`;

const hi = { model: "sonnet", messages: [user("hi")] };

async function start(t: TestContext, args: readonly string[] = []): Promise<{ upstream: Upstream; proxy: Proxy }> {
  const upstream = await startUpstream(t);
  return { upstream, proxy: await startProxy(t, { upstream, args }) };
}

/** Waits for the program's end; it has to be in order, and to leave none of the processes that it had. */
async function assertCleanEnd(proxy: Proxy, pids: readonly number[]): Promise<void> {
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
  assert.deepEqual(pids.filter(isRunning), []);
}

test("a client that hangs up while it waits closes its API call and ends its process at once", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer(() => [{ text: "begun" }, { hang: true }]);
  const client = new AbortController();
  proxy.chat(hi, { signal: client.signal }).catch(() => undefined);
  const call = await upstream.called(1);
  const pids = proxy.children();
  assert.equal(pids.length, 1);
  const leftAt = performance.now();
  client.abort();
  assert.equal(await call.closed, true);
  const ms = performance.now() - leftAt;
  assert.ok(ms < 5000, `${Math.round(ms)} ms`);
  await eventually("its process is gone", () => !pids.some(isRunning));
  assert.match(await proxy.logged(/ request method=POST/), / status=499 /);
  assert.equal(upstream.calls.length, 1);
});

// The signals have one way to the end, so the real CLI goes it once.
for (const [signal, args] of [
  ["SIGTERM", []],
  ["SIGINT", ["--claude", FAKE_CLI]],
  ["SIGHUP", ["--claude", FAKE_CLI]],
] as const) {
  test(`${signal} ends an idle program at once, with its spare and its kept processes`, async (t) => {
    const { proxy } = await start(t, args);
    await readAnswer(await proxy.chat(hi));
    await eventually("a spare and a kept process", () => proxy.children().length === 2);
    const pids = proxy.children();
    proxy.kill(signal);
    await assertCleanEnd(proxy, pids);
  });
}

test("SIGTERM ends the CLI that is being asked for its login", async (t) => {
  const file = join(makeFolder(t), "pids");
  const args = ["--claude", FAKE_CLI, "--spares", "0"];
  const proxy = await startProxy(t, { args, env: { FAKE_CLI: "unsure", FAKE_CLI_PIDS: file } });
  void fetch(`${proxy.url}/health`).catch(() => undefined);
  await eventually("it is asked", () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"));
  proxy.kill("SIGTERM");
  await assertCleanEnd(proxy, [Number(readFileSync(file, "utf8"))]);
});

test("a server whose output nobody reads goes on, and SIGTERM ends it within 15 seconds, with a turn that hangs", async (t) => {
  const { upstream, proxy } = await start(t, ["--spares", "0"]);
  const chat = createChat(proxy);
  await chat.say("one");
  proxy.closeOutput();
  // Each of these writes to the log, and so to the closed pipe.
  for (const words of ["two", "three", "four"]) assert.equal(await chat.say(words), "Hello world");

  upstream.answer(() => [{ text: "begun" }, { hang: true }]);
  const messages = [...chat.messages, user("five")];
  const reading = (await proxy.chat({ ...hi, messages, stream: true })).text();
  reading.catch(() => undefined);
  const pids = proxy.children();
  assert.equal(pids.length, 1);
  const askedAt = performance.now();
  proxy.kill("SIGTERM");
  await assertCleanEnd(proxy, pids);
  const ms = performance.now() - askedAt;
  assert.ok(ms <= 15_000, `${Math.round(ms)} ms`);
  await assert.rejects(reading);
});

test("closing its terminal ends the server in order", LINUX_ONLY, async (t) => {
  const home = makeFolder(t);
  // As an interactive shell does, this one passes SIGHUP on to what runs in front.
  const shell = `${PROGRAM.join(" ")} --port 0 & trap "kill -HUP $!" HUP; wait $!; wait $!; echo $? > ${home}/code`;
  const terminal = spawn("script", ["-qec", shell, "/dev/null"], {
    env: { PATH: process.env["PATH"], SHELL: "/bin/sh", HOME: home },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: terminal.stdout });
  for await (const line of lines) if (line.includes("listening on")) break;
  terminal.kill("SIGKILL");
  await eventually("the server has ended", () => existsSync(join(home, "code")));
  await eventually("its code is written", () => readFileSync(join(home, "code"), "utf8") === "0\n");
});

/** The address that the program prints once it listens. */
async function readAddress(child: ChildProcessByStdio<null, Readable, null>): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listening on (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error("it printed no address");
}

function untilGone(url: string): Promise<void> {
  return eventually("the server has ended", () =>
    fetch(`${url}/v1/models`).then(
      () => false,
      () => true,
    ),
  );
}

test("`npm start` has the status page, and SIGTERM to it ends the server", async (t) => {
  const npm = spawn("npm", ["start", "--", "--port", "0", "--demo"], {
    env: { PATH: process.env["PATH"], HOME: makeFolder(t) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const url = await readAddress(npm);
  const page = await fetch(url, { headers: { accept: "text/html" } });
  assert.match(await page.text(), /<h2[^>]*>Plan/);
  npm.kill("SIGTERM");
  await untilGone(url);
});

test("an npm that ends and leaves its shell behind takes the server along", LINUX_ONLY, async (t) => {
  // A shell that has more to do stays between the two.
  const npm = spawn(process.execPath, ["-e", NPM, `${PROGRAM.join(" ")} --port 0 --demo; true`], {
    env: { PATH: process.env["PATH"], HOME: makeFolder(t), npm_lifecycle_event: "start" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const url = await readAddress(npm);
  npm.kill("SIGKILL");
  await untilGone(url);
});

test("letting go of a process that waits for tool results makes no further API call", async (t) => {
  const { upstream, proxy } = await startPair(t, "--max-sessions", "0");
  upstream.answer(() => [{ tool: "mcp__client__look", input: {} }]);
  const tools = [{ type: "function", function: { name: "look", parameters: { type: "object" } } }];
  assert.equal(await readFinish(await proxy.chat({ ...hi, tools })), "tool_calls");
  await eventually("its process is gone", () => proxy.children().length === 0);
  assert.equal(upstream.calls.length, 1);
});
