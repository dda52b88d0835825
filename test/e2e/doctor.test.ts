/** `doctor`: its findings from made-up facts, then against the fake CLI and the real one. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { toChecks } from "../../src/commands/doctor/check.ts";
import type { Check, Facts } from "../../src/commands/doctor/check.ts";
import { MINIMUM_VERSION, NEWEST_TESTED } from "../../src/cli/install/release.ts";
import { readHolder } from "../../src/commands/port.ts";
import { makeFolder, runProgram } from "../helpers/command.ts";
import type { Ended } from "../helpers/command.ts";
import { FAKE_CLI, startProxy } from "../helpers/proxy.ts";

const SOUND: Facts = {
  claude: { path: "/usr/bin/claude", version: NEWEST_TESTED },
  login: { isLoggedIn: true, method: "claude.ai", provider: "firstParty" },
  credentials: [],
  address: { host: "127.0.0.1", port: 3456 },
  port: { type: "free" },
  workspace: { path: "/home/ann/w", state: "private" },
  start: { ms: 480 },
  live: undefined,
};

const find = (facts: Partial<Facts>, name: string): Check | undefined =>
  toChecks({ ...SOUND, ...facts }).find((check) => check.name === name);

test("a sound machine is ok in every line", () => {
  const checks = toChecks(SOUND);
  assert.deepEqual(
    checks.map(({ name }) => name),
    ["claude", "login", "environment", "port", "workspace", "start"],
  );
  assert.deepEqual([...new Set(checks.map(({ status }) => status))], ["ok"]);
});

test("every finding that is not ok names the one command that mends it", () => {
  const cases: [string, Partial<Facts>, Check["status"], RegExp, string][] = [
    [
      "claude",
      { claude: { problem: "Cannot find the claude CLI" } },
      "fail",
      /Cannot find/,
      "npm install -g @anthropic-ai/claude-code",
    ],
    [
      "claude",
      { claude: { problem: `Cannot use claude 2.1.1: ${MINIMUM_VERSION} or newer is needed` } },
      "fail",
      /or newer is needed/,
      "claude update",
    ],
    ["login", { login: { isLoggedIn: false, method: "none" } }, "fail", /not signed in/, "claude auth login"],
    ["login", { login: undefined }, "warn", /does not say/, "claude auth status"],
    [
      "environment",
      { credentials: ["CLAUDE_CODE_OAUTH_TOKEN"] },
      "warn",
      /^CLAUDE_CODE_OAUTH_TOKEN in .* is used/,
      "unset CLAUDE_CODE_OAUTH_TOKEN",
    ],
    [
      "port",
      { port: { type: "taken", holder: "nginx (pid 7)" } },
      "fail",
      /taken by nginx \(pid 7\)/,
      "claude-max-api --port 3457",
    ],
    ["port", { port: { type: "refused", code: "EACCES" } }, "fail", /EACCES/, "claude-max-api --port 3456"],
    [
      "port",
      { port: { type: "refused", code: "EADDRNOTAVAIL" } },
      "fail",
      /EADDRNOTAVAIL/,
      "claude-max-api --host 127.0.0.1",
    ],
    ["workspace", { workspace: { path: "/w", state: "open" } }, "warn", /other users/, "chmod 700 /w"],
    [
      "workspace",
      { workspace: { path: "/w", state: "unusable" } },
      "fail",
      /write/,
      'claude-max-api --workspace "$(mktemp -d)"',
    ],
    ["start", { start: { ms: 9000 } }, "warn", /9000 ms/, "claude-max-api --spares 2"],
    ["start", { start: { problem: "ended" } }, "fail", /ended/, "claude -p hello"],
    ["live", { live: { problem: "Rate limited" } }, "fail", /Rate limited/, "claude -p hello"],
  ];
  for (const [name, facts, status, message, fix] of cases) {
    const check = find(facts, name);
    assert.equal(check?.status, status, name);
    assert.match(check?.message ?? "", message);
    assert.equal(check?.fix, fix);
  }
});

test("a server of ours on the port, a newer CLI and a key's source are told, and are no fault", () => {
  assert.match(
    find({ port: { type: "ours", version: "0.1.0" } }, "port")?.message ?? "",
    /served by claude-max-api 0\.1\.0/,
  );
  assert.match(
    find({ claude: { path: "/c", version: "2.2.0" } }, "claude")?.message ?? "",
    new RegExp(`newer than the newest tested, ${NEWEST_TESTED}`),
  );
  const login = { isLoggedIn: true, method: "api_key", provider: "bedrock", keySource: "ANTHROPIC_API_KEY" };
  assert.deepEqual(find({ login }, "login"), {
    name: "login",
    status: "ok",
    message: "signed in: api_key, key from ANTHROPIC_API_KEY, through bedrock",
  });
  assert.equal(find({ live: { ms: 9, model: "m" } }, "live")?.status, "ok");
});

test("the holder of a port is read from lsof and from ss", () => {
  assert.equal(readHolder("p4711\ncnode\nf19\n"), "node (pid 4711)");
  assert.equal(readHolder('LISTEN 0 511 127.0.0.1:3456 0.0.0.0:* users:(("nginx",pid=12,fd=6))\n'), "nginx (pid 12)");
  assert.equal(readHolder(""), undefined);
});

const statusOf = ({ stdout }: Ended): Record<string, string> =>
  Object.fromEntries((JSON.parse(stdout) as { checks: Check[] }).checks.map(({ name, status }) => [name, status]));

test("with the fake CLI all is well, the tiny request included, and no value of a token is shown", async (t) => {
  const env = { HOME: makeFolder(t), ANTHROPIC_AUTH_TOKEN: "hush-hush" };
  const ended = await runProgram(["doctor", "--json", "--live", "--port", "0", "--claude", FAKE_CLI], env);
  assert.deepEqual(statusOf(ended), {
    claude: "ok",
    login: "ok",
    environment: "warn",
    port: "ok",
    workspace: "ok",
    start: "ok",
    live: "ok",
  });
  assert.equal(ended.code, 0);
  assert.doesNotMatch(ended.stdout, /hush/);
});

test("a CLI that is too old, or dies, or is not there, fails with 1", async (t) => {
  const env = { HOME: makeFolder(t) };
  const old = await runProgram(["doctor", "--port", "0", "--claude", FAKE_CLI], { ...env, FAKE_CLI: "old" });
  assert.match(old.stdout, /^fail {2}claude .*2\.1\.281 or newer.*\n {19}\$ claude update$/m);
  const stillborn = await runProgram(["doctor", "--json", "--port", "0", "--claude", FAKE_CLI], {
    ...env,
    FAKE_CLI: "stillborn",
  });
  assert.equal(statusOf(stillborn)["start"], "fail");
  const missing = await runProgram(["doctor", "--json", "--port", "0", "--claude", "/nowhere/claude"], env);
  assert.deepEqual(statusOf(missing), { claude: "fail", environment: "ok", port: "ok", workspace: "ok" });
  assert.deepEqual([old.code, stillborn.code, missing.code], [1, 1, 1]);
});

test("the port is known to be ours, or a stranger's", async (t) => {
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI, "--api-key", "k"] });
  const env = { HOME: makeFolder(t) };
  const args = ["doctor", "--claude", FAKE_CLI];
  const ours = await runProgram([...args, "--port", new URL(proxy.url).port, "--api-key", "k"], env);
  assert.match(ours.stdout, /^ok {4}port .*served by claude-max-api/m);
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const taken = await runProgram([...args, "--port", String((server.address() as AddressInfo).port)], env);
  assert.match(taken.stdout, /^fail {2}port .*is taken by/m);
  assert.equal(taken.code, 1);
});

test("a workspace that others can read is warned of, a file in its place fails", async (t) => {
  const home = makeFolder(t);
  const open = join(home, "open");
  await mkdir(open);
  await chmod(open, 0o755);
  await writeFile(join(home, "file"), "");
  const args = ["doctor", "--json", "--port", "0", "--claude", FAKE_CLI];
  assert.equal(statusOf(await runProgram([...args, "--workspace", open], { HOME: home }))["workspace"], "warn");
  assert.equal(
    statusOf(await runProgram([...args, "--workspace", join(home, "file")], { HOME: home }))["workspace"],
    "fail",
  );
});

test("the real CLI without a login starts, and its missing login is the one failure", async (t) => {
  const ended = await runProgram(["doctor", "--json", "--port", "0"], { HOME: makeFolder(t) });
  const { start, ...others } = statusOf(ended);
  assert.deepEqual(others, { claude: "ok", login: "fail", environment: "ok", port: "ok", workspace: "ok" });
  assert.notEqual(start, "fail");
  assert.equal(ended.code, 1);
});

test("the real CLI says which variable its key comes from", async (t) => {
  const { stdout } = await runProgram(["doctor", "--port", "0"], { HOME: makeFolder(t), ANTHROPIC_API_KEY: "sk-none" });
  assert.match(stdout, /^ok {4}login +signed in: api_key, key from ANTHROPIC_API_KEY$/m);
  assert.match(stdout, /^warn {2}environment +ANTHROPIC_API_KEY in the environment is used/m);
});
