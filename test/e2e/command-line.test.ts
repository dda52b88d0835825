/**
 * The command line as users meet it: commands, their own options, one sentence and 2 for what cannot be used, and the
 * banner.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { formatBanner, formatReady } from "../../src/commands/banner.ts";
import { readCommand } from "../../src/config/command.ts";
import type { Config } from "../../src/config/config.ts";
import { UsageError } from "../../src/config/error.ts";
import { runProgram } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";
import { FAKE_CLI, PROGRAM, startProxy } from "../helpers/proxy.ts";

test("what cannot be used is one sentence on stderr, and 2", async (t) => {
  const cases: [string[], string][] = [
    [["--nonsense"], "Cannot use --nonsense: there is no such option; see claude-max-api --help"],
    [["dance"], "Cannot run dance: see claude-max-api --help"],
    [["doctor", "who"], "Cannot run doctor who: see claude-max-api --help"],
    [["service"], "Cannot run service: expected one of install, uninstall, status, logs"],
    [["completion", "tcsh"], "Cannot run completion tcsh: expected one of bash, zsh, fish"],
    [["--json"], "Cannot use --json with serve: see claude-max-api --help"],
    [["completion", "bash", "--port", "1"], "Cannot use --port with completion: see claude-max-api --help"],
    [
      ["service", "install", "--platform", "beos"],
      "Cannot run a service on beos: expected one of darwin, linux, win32",
    ],
    [["service", "install", "--platform", "win32"], "Cannot use --platform without --print"],
  ];
  const home = makeFolder(t);
  for (const [args, sentence] of cases)
    assert.deepEqual(await runProgram(args, { HOME: home }), { code: 2, stdout: "", stderr: `${sentence}\n` });
});

test("connect does its work to the end when nobody reads what it prints", async (t) => {
  const home = makeFolder(t);
  const [program, ...script] = PROGRAM;
  const child = spawn(program, [...script, "connect", "pi"], {
    env: { PATH: process.env["PATH"], HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  assert.deepEqual([errors, code], ["", 0]);
  assert.match(await readFile(join(home, ".pi/agent/models.json"), "utf8"), /localhost:3456/);
  assert.match(await readFile(join(home, ".claude-max-api/connect/pi.record.json"), "utf8"), /models\.json/);
});

test("a service's flags are spelt out with absolute paths, variables included, keys left out", () => {
  const environment = { CLAUDE_MAX_API_MAX_QUEUE: "9", CLAUDE_MAX_API_API_KEY: "hush" };
  const command = readCommand(
    ["service", "install", "--print", "--workspace", "w", "--alias", "a=opus", "--alias", "b=opus"],
    environment,
  );
  assert.ok(command.type === "service");
  assert.deepEqual(command.flags, [
    "--workspace",
    join(process.cwd(), "w"),
    "--max-queue",
    "9",
    "--alias",
    "a=opus",
    "--alias",
    "b=opus",
  ]);
});

test("a variables file that is not there, or not private, is a usage error", async (t) => {
  const file = join(makeFolder(t), "variables");
  await writeFile(file, "CLAUDE_MAX_API_MAX_QUEUE=9\n", { mode: 0o600 });
  const read = (path: string): unknown => readCommand([], { CLAUDE_MAX_API_VARIABLES: path });
  assert.throws(() => read(`${file}-gone`), UsageError);
  assert.doesNotThrow(() => read(file));
  await chmod(file, 0o640);
  assert.throws(() => read(file), UsageError);
});

const shown: Pick<Config, "host" | "tools" | "apiKeys" | "demo"> = {
  host: "127.0.0.1",
  tools: "none",
  apiKeys: [],
  demo: false,
};
const format = (status: Parameters<typeof formatBanner>[1], rest: Partial<Config> = {}): string =>
  formatBanner("http://127.0.0.1:1", status, { ...shown, ...rest } as Config);

test("the banner tells the CLI, the login and what a client needs, and never a key", () => {
  const found = { path: "/c", version: "2.1.330", problem: undefined };
  assert.equal(
    format({ ...found, login: { isLoggedIn: true, method: "claude.ai" } }),
    "claude   2.1.330 at /c\nlogin    claude.ai\ntools    none\nOPENAI_BASE_URL=http://127.0.0.1:1/v1\nOPENAI_API_KEY=unused",
  );
  const none = format({ ...found, login: { isLoggedIn: false, method: "none" } }, { apiKeys: ["hush"] });
  assert.match(none, /^login {4}none: run claude auth login$/m);
  assert.match(none, /^OPENAI_API_KEY=<your --api-key>$/m);
  assert.match(format({ ...found, login: undefined }), /^login {4}unknown/m);
  const addresses = ["0.0.0.0", "::"].map(
    (host) => /URL=(.*)/.exec(format({ ...found, login: undefined }, { host }))?.[1],
  );
  assert.deepEqual(addresses, ["http://127.0.0.1:1/v1", "http://[::1]:1/v1"]);
  assert.equal(formatReady("1.0.0", "http://h:1", false), "claude-max-api 1.0.0 listening on http://h:1");
});

test("the demo without a CLI says that it needs one, and nothing else", async (t) => {
  const ended = await runProgram(["--demo", "--port", "0", "--claude", "/nowhere/claude"], { HOME: makeFolder(t) });
  assert.deepEqual([ended.code, ended.stdout], [1, ""]);
  assert.match(ended.stderr, /^Cannot start: --demo needs the claude CLI, though no account\. .*\n$/);
});

test("a log file takes the log instead of stderr, privately", async (t) => {
  const file = join(makeFolder(t), "logs/server.log");
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI, "--log-file", file] });
  await fetch(`${proxy.url}/v1/models`);
  proxy.kill("SIGTERM");
  await proxy.exited;
  assert.match(await readFile(file, "utf8"), / info stopping signal=SIGTERM$/m);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual(proxy.log, []);
});
