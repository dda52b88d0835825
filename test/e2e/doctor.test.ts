/** `doctor`: its findings from made-up facts, then against the fake CLI and the real one. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { Login } from "../../src/cli/install/find.ts";
import type {
  Check,
  ClaudeFact,
  LiveFact,
  PlanFact,
  ServersFact,
  StartFact,
  WorkspaceFact,
} from "../../src/commands/doctor/check.ts";
import { checkPlan } from "../../src/commands/doctor/check.ts";
import { diagnose } from "../../src/commands/doctor/doctor.ts";
import type { Facts } from "../../src/commands/doctor/facts.ts";
import { formatCheck, formatSummary } from "../../src/commands/doctor/format.ts";
import { MINIMUM_VERSION, NEWEST_TESTED } from "../../src/cli/install/release.ts";
import { readHolder } from "../../src/commands/port.ts";
import type { PortState } from "../../src/commands/port.ts";
import type { PlanState } from "../../src/meter/plan.ts";
import { runProgram } from "../helpers/command.ts";
import type { Ended } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";
import { FAKE_CLI, startProxy } from "../helpers/proxy.ts";

/** What the doctor finds, made up. */
interface Found {
  readonly claude: ClaudeFact;
  readonly login: Login | undefined;
  readonly credentials: readonly string[];
  readonly port: PortState;
  readonly workspace: WorkspaceFact;
  readonly start: StartFact;
  readonly servers: ServersFact;
  readonly live: LiveFact;
  readonly plan: PlanFact;
}

const SOUND: Found = {
  claude: { path: "/usr/bin/claude", version: NEWEST_TESTED },
  login: { isLoggedIn: true, method: "claude.ai", provider: "firstParty" },
  credentials: [],
  port: { type: "free" },
  workspace: { path: "/home/ann/w", state: "private" },
  start: { ms: 480, isOnline: true },
  servers: [],
  live: { ms: 9, model: "m", plan: null },
  plan: { plan: null, reason: "not known" },
};

async function toChecks(found: Partial<Found>, isLive = true): Promise<Check[]> {
  const { credentials, claude, login, port, workspace, start, servers, live, plan } = { ...SOUND, ...found };
  const facts: Facts = {
    credentials,
    address: { host: "127.0.0.1", port: 3456 },
    findClaude: async () => claude,
    readLogin: async () => login,
    askPort: async () => port,
    lookAtWorkspace: async () => workspace,
    timeStart: async () => start,
    lookAtServers: async () => servers,
    askLive: async () => live,
    readPlan: async () => plan,
    close: async () => {},
  };
  const checks: Check[] = [];
  for await (const check of diagnose(facts, isLive)) checks.push(check);
  return checks;
}

async function find(found: Partial<Found>, name: string): Promise<Check | undefined> {
  return (await toChecks(found)).find((check) => check.name === name);
}

test("a sound machine is ok in every line", async () => {
  const checks = await toChecks({}, false);
  assert.deepEqual(
    checks.map(({ name }) => name),
    ["claude", "login", "environment", "port", "workspace", "start", "plan"],
  );
  assert.deepEqual([...new Set(checks.map(({ status }) => status))], ["ok"]);
});

/** A check, a fact that it finds, its status, its message, and the command that mends it. */
const FINDINGS: readonly [string, Partial<Found>, Check["status"], RegExp, string][] = [
  [
    "claude",
    { claude: { problem: "Cannot find the claude CLI", fault: "missing", canNpm: true } },
    "fail",
    /Cannot find/,
    "npm install -g @anthropic-ai/claude-code",
  ],
  [
    "claude",
    { claude: { problem: "Cannot find the claude CLI", fault: "missing", canNpm: false } },
    "fail",
    /Cannot find/,
    "curl -fsSL https://claude.ai/install.sh | bash",
  ],
  [
    "claude",
    { claude: { problem: "/c is not an executable file", fault: "not_executable", canNpm: true } },
    "fail",
    /not an executable/,
    "command -v claude",
  ],
  [
    "claude",
    {
      claude: {
        problem: `Cannot use claude 2.1.1: ${MINIMUM_VERSION} or newer is needed`,
        fault: "too_old",
        canNpm: true,
      },
    },
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
  ["port", { port: { type: "refused", code: "EACCES" } }, "fail", /may not listen there/, "claude-max-api --port 3456"],
  [
    "port",
    { port: { type: "refused", code: "EADDRNOTAVAIL" } },
    "fail",
    /no such address/,
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
  ["start", { start: { ms: 9000, isOnline: true } }, "warn", /9000 ms/, "claude-max-api --spares 2"],
  ["start", { start: { ms: 9000, isOnline: false } }, "warn", /cannot be reached/, "curl -I https://api.anthropic.com"],
  ["start", { start: { problem: "ended", isOnline: true } }, "fail", /^ended$/, "claude doctor"],
  [
    "start",
    { start: { problem: "late", isOnline: false } },
    "fail",
    /^late: .* cannot be reached/,
    "curl -I https://api.anthropic.com",
  ],
  ["live", { live: { problem: "Refused" } }, "fail", /Refused/, "claude-max-api --log-level debug"],
  ["live", { live: { problem: "No", code: "not_logged_in" } }, "fail", /No/, "claude auth login"],
  [
    "live",
    { live: { problem: "No", code: "not_logged_in" }, credentials: ["ANTHROPIC_API_KEY"] },
    "fail",
    /No/,
    "unset ANTHROPIC_API_KEY",
  ],
];

test("every finding that is not ok names the one command that mends it", async () => {
  for (const [name, facts, status, message, fix] of FINDINGS) {
    const check = await find(facts, name);
    assert.equal(check?.status, status, name);
    assert.match(check?.message ?? "", message);
    assert.equal(check?.fix, fix);
  }
});

test("a server of ours on the port, a newer CLI and a key's source are told, and are no fault", async () => {
  assert.match(
    (await find({ port: { type: "ours", version: "0.1.0" } }, "port"))?.message ?? "",
    /served by claude-max-api 0\.1\.0/,
  );
  assert.match(
    (await find({ claude: { path: "/c", version: "2.2.0" } }, "claude"))?.message ?? "",
    new RegExp(`newer than the newest tested, ${NEWEST_TESTED}`),
  );
  const login = { isLoggedIn: true, method: "api_key", provider: "bedrock", keySource: "ANTHROPIC_API_KEY" };
  assert.deepEqual(await find({ login }, "login"), {
    name: "login",
    status: "ok",
    message: "signed in: api_key, key from ANTHROPIC_API_KEY, through bedrock",
  });
  assert.equal((await find({}, "live"))?.status, "ok");
});

const PLAN: PlanState = {
  status: "allowed",
  windows: [
    { name: "five_hour", utilization: 0.62, status: "allowed", resets_at: null },
    { name: "seven_day", utilization: 1, status: "rejected", resets_at: "2026-11-24T14:14:00Z" },
  ],
  overage: { in_use: true, status: null, disabled_reason: null },
};

test("the plan is told in one line, from the tiny answer or by the server that runs, and warned of when it is used up", async () => {
  assert.deepEqual(checkPlan({ plan: PLAN, reason: "" }, Date.parse("2026-11-24T12:00:00Z")), {
    name: "plan",
    status: "warn",
    message: "5 hours 62 % used; 7 days 100 % used, resets in 2 h 14 min; extra usage is being paid for",
    fix: "claude-max-api usage",
  });
  const good = { ...PLAN, windows: PLAN.windows.slice(0, 1), overage: { ...PLAN.overage, in_use: false } };
  const told = { name: "plan", status: "ok", message: "5 hours 62 % used" };
  assert.deepEqual(await find({ live: { ms: 9, model: "m", plan: good } }, "plan"), told);
  assert.deepEqual(await find({ plan: { plan: good, reason: "" } }, "plan"), told);
});

test("each MCP server is told with its tools or with the reason that it has none, and a wrong file fails", async () => {
  const servers: ServersFact = [
    { name: "notes", status: "connected", tools: ["a", "b"], error: undefined, file: "/m.json" },
    { name: "clock", status: "connected", tools: ["now"], error: undefined, file: "/m.json" },
    { name: "tickets", status: "failed", tools: [], error: "HTTP 401", file: "/m y.json" },
    { name: "mail", status: "pending", tools: [], error: undefined, file: "/m.json" },
  ];
  const found = (await toChecks({ servers })).filter(({ name }) => name === "mcp");
  assert.deepEqual(
    found.map(({ status, message, fix }) => `${status} ${message} $ ${fix}`),
    [
      "ok notes: 2 tools $ undefined",
      "ok clock: 1 tool $ undefined",
      "warn tickets: failed, HTTP 401 $ ${EDITOR:-vi} '/m y.json'",
      "warn mail: pending, no reason told $ ${EDITOR:-vi} /m.json",
    ],
  );
  const wrong = await find({ servers: { problem: "Cannot use --mcp-config x: ENOENT", file: "/x" } }, "mcp");
  assert.deepEqual([wrong?.status, wrong?.fix], ["fail", "${EDITOR:-vi} /x"]);
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
    plan: "ok",
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
  assert.match(ours.stdout, /^ok {4}plan +The plan is not known yet/m);
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const taken = await runProgram([...args, "--port", String((server.address() as AddressInfo).port)], env);
  assert.match(taken.stdout, /^fail {2}port .*is taken by/m);
  assert.equal(taken.code, 1);
});

test("a new home is as empty after the doctor as before", async (t) => {
  const home = makeFolder(t);
  const { stdout } = await runProgram(["doctor", "--port", "0"], { HOME: home });
  assert.match(stdout, /^fail {2}login/m);
  assert.deepEqual(readdirSync(home), []);
});

test("the last line sums up, and colours are for terminals", async (t) => {
  const { stdout } = await runProgram(["doctor", "--port", "0", "--claude", FAKE_CLI], { HOME: makeFolder(t) });
  assert.match(stdout, /\nAll is well\n$/);
  assert.ok(!stdout.includes("\u001B"));
  const check = (status: Check["status"]): Check => ({ name: "x", status, message: "m" });
  const sumUp = (...all: Check["status"][]): string => formatSummary(all.map(check), { isColored: false, width: 80 });
  assert.equal(sumUp("ok", "warn"), "It can serve, with 1 warning\n");
  assert.equal(sumUp("warn", "fail", "fail", "warn"), "It cannot serve yet: 2 failures and 2 warnings\n");
  const style = { isColored: true, width: 80 };
  assert.equal(formatCheck(check("fail"), style), `\u001B[31mfail \u001B[0m x${" ".repeat(11)} m\n`);
  assert.equal(formatSummary([check("ok")], style), "\u001B[32mAll is well\u001B[0m\n");
});

test("a long finding is broken below its first word, its command never", () => {
  const message = "api.anthropic.com cannot be reached from here, and the CLI waits for it, for long";
  const check: Check = { name: "start", status: "warn", message, fix: `curl ${"x".repeat(80)}` };
  assert.equal(
    formatCheck(check, { isColored: false, width: 80 }),
    `warn  start        api.anthropic.com cannot be reached from here, and the CLI
${" ".repeat(19)}waits for it, for long
${" ".repeat(19)}$ curl ${"x".repeat(80)}
`,
  );
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
  assert.deepEqual(others, { claude: "ok", login: "fail", environment: "ok", port: "ok", workspace: "ok", plan: "ok" });
  assert.notEqual(start, "fail");
  assert.equal(ended.code, 1);
});

test("the real CLI says which variable its key comes from", async (t) => {
  const { stdout } = await runProgram(["doctor", "--port", "0"], { HOME: makeFolder(t), ANTHROPIC_API_KEY: "sk-none" });
  assert.match(stdout, /^ok {4}login +signed in: api_key, key from ANTHROPIC_API_KEY$/m);
  assert.match(stdout, /^warn {2}environment +ANTHROPIC_API_KEY in the environment is used/m);
});
