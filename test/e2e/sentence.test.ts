/** The sentences of `doctor` that a sound machine never shows, each from a machine that is made to be so. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { access, chmod, copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { NEWEST_TESTED } from "../../src/cli/install/release.ts";
import { runFile, runProgram } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";
import { toStdioServer, writeMcpConfig } from "../helpers/mcp.ts";
import { LINUX_ONLY } from "../helpers/processes.ts";
import { BUNDLE, FAKE_CLI, PROGRAM, startProxy } from "../helpers/proxy.ts";
import { startBotApi, TOKEN } from "../helpers/telegram.ts";
import { startUpstream } from "../helpers/upstream.ts";

/** A CLI that is a shell script: what it does when asked for its version, for its login, and at its start. */
interface Script {
  readonly version?: string;
  readonly login?: string;
  readonly start?: string;
}

async function writeCli(t: TestContext, { version, login, start }: Script): Promise<string> {
  const file = join(makeFolder(t), "claude");
  const cases = [
    `--version) ${version ?? `echo '${NEWEST_TESTED} (Claude Code)'`} ;;`,
    `auth) ${login ?? `echo '{"loggedIn": true, "authMethod": "script"}'`} ;;`,
    `*) ${start ?? `exec '${FAKE_CLI}' "$@"`} ;;`,
  ];
  await writeFile(file, `#!/bin/sh\ncase $1 in\n${cases.join("\n")}\nesac\n`, { mode: 0o755 });
  return file;
}

/** A finding as it is printed, with its cure behind ` $ `, and the last line; empty when there is none of the name. */
type Findings = (name: string) => string;

function toFindings(stdout: string): Findings {
  const text = stdout.replace(/\n {19}\$ /g, " $ ");
  return (name) =>
    name === "sum"
      ? (text.trim().split("\n").at(-1) ?? "")
      : (new RegExp(`^\\w+ +${name} .*$`, "m").exec(text)?.[0] ?? "");
}

async function examine(t: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Findings> {
  const { stdout, stderr } = await runProgram(["doctor", "--port", "0", ...args], { HOME: makeFolder(t), ...env });
  assert.equal(stderr.replace(/^.* warn .*\n/gm, ""), "");
  return toFindings(stdout);
}

test("a CLI that is not there, or no CLI, is told with the way to have one", async (t) => {
  const wrong = await examine(t, ["--claude", "/nowhere/claude"]);
  assert.match(wrong("claude"), /fail .* \/nowhere\/claude is not an executable file \$ command -v claude$/);
  assert.equal(wrong("sum"), "It cannot serve yet: 1 failure");
  const silent = await examine(t, ["--claude", await writeCli(t, { version: "echo hello" })]);
  assert.match(silent("claude"), /fail .*\/claude: it does not tell its version \$ /);
  // A machine that has a CLI in one of the usual places does not say the next.
  const usual = ["/opt/homebrew/bin/claude", "/usr/local/bin/claude", "/usr/bin/claude"].map((path) => access(path));
  if ((await Promise.allSettled(usual)).some(({ status }) => status === "fulfilled")) return;
  const folder = makeFolder(t);
  await copyFile(BUNDLE, join(folder, "program.cjs"));
  const run = async (): Promise<Findings> => {
    const words = [process.execPath, join(folder, "program.cjs"), "doctor", "--port", "0"] as const;
    return toFindings((await runFile(words, { HOME: folder, PATH: folder })).stdout);
  };
  assert.match(
    (await run())("claude"),
    /Cannot find the claude CLI: .* \$ curl -fsSL https:\/\/claude.ai\/install.sh \| bash$/,
  );
  for (const name of ["node", "npm"]) await writeFile(join(folder, name), "#!/bin/sh\necho v22.0.0\n", { mode: 0o755 });
  assert.match((await run())("claude"), /Cannot find the claude CLI: .* \$ npm install -g @anthropic-ai\/claude-code$/);
});

test("a machine without descriptors to look with is not told to install anything", LINUX_ONLY, async (t) => {
  const words = [...PROGRAM, "doctor", "--port", "0", "--claude", FAKE_CLI];
  const run = (limit: number): Promise<{ stdout: string }> =>
    runFile(["sh", "-c", `ulimit -n ${limit}; exec "$0" "$@"`, ...words], { HOME: makeFolder(t) });
  // How many the runtime itself takes differs from release to release.
  for (let limit = 20; limit < 60; limit++) {
    const claude = toFindings((await run(limit)).stdout)("claude");
    if (!claude.startsWith("fail")) continue;
    return void assert.match(claude, /Cannot start the claude CLI: too many files .* are open \$ ulimit -n 4096$/);
  }
  assert.fail("no limit was too low");
});

test("a login is told in the CLI's words, one that is not told is warned of, and so is each variable", async (t) => {
  const silent = await examine(t, ["--claude", await writeCli(t, { login: "true" })]);
  assert.match(silent("login"), /^warn .* the CLI does not say whether it is signed in \$ claude auth status$/);
  assert.equal(silent("sum"), "It can serve, with 1 warning");
  const login = `echo '{"loggedIn": true, "authMethod": "third_party", "apiProvider": "bedrock"}'`;
  const env = { ANTHROPIC_API_KEY: "a", ANTHROPIC_AUTH_TOKEN: "b" };
  const cloud = await examine(t, ["--claude", await writeCli(t, { login })], env);
  assert.match(cloud("login"), /^ok .* signed in: third_party, through bedrock$/);
  assert.match(
    cloud("environment"),
    /ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN in the environment are used .* \$ unset ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN$/,
  );
});

test("a CLI that ends at its start is told by its own last words", async (t) => {
  const start = "echo \"error: unknown option '--verbose'\" >&2; exit 4";
  const found = await examine(t, ["--live", "--claude", await writeCli(t, { start })]);
  assert.match(
    found("start"),
    /^fail .* the CLI did not get ready: exited with code 4: error: unknown option '--verbose' \$ claude doctor$/,
  );
  assert.match(found("live"), /^fail .* not asked: a turn needs what has failed above$/);
});

test(
  "a slow start is blamed on a missing network where there is none, and one that never ends is cut",
  LINUX_ONLY,
  async (t) => {
    const slow = await writeCli(t, { start: `sleep 6; exec '${FAKE_CLI}' "$@"` });
    const stuck = await writeCli(t, { start: "exec cat >/dev/null" });
    // Where there is a proxy, the name need not be looked up.
    const online = { HTTPS_PROXY: "http://127.0.0.1:9" };
    const runOffline = async (claude: string): Promise<Findings> => {
      const words = [...PROGRAM, "doctor", "--port", "0", "--claude", claude];
      return toFindings((await runFile(["unshare", "-rn", ...words], { HOME: makeFolder(t) })).stdout);
    };
    const canUnshare = (await runFile(["unshare", "-rn", "true"])).code === 0;
    const [slowOnline, stuckOnline, slowOffline, stuckOffline] = await Promise.all([
      examine(t, ["--claude", slow], online),
      examine(t, ["--claude", stuck], online),
      canUnshare ? runOffline(slow) : undefined,
      canUnshare ? runOffline(stuck) : undefined,
    ]);
    assert.match(
      slowOnline("start"),
      /^warn .* the CLI is ready \d{4,5} ms after its start \$ claude-max-api --spares 2$/,
    );
    assert.match(stuckOnline("start"), /^fail .* the CLI gave no answer in the 30 s after its start \$ claude doctor$/);
    const offline = /: api\.anthropic\.com cannot be reached from here, and the CLI waits for it \$ curl -I https:\S+$/;
    if (slowOffline) assert.match(slowOffline("start"), offline);
    if (stuckOffline) assert.match(stuckOffline("start"), offline);
  },
);

test("an address that cannot be had is told by the reason, with one that can", async (t) => {
  const folder = makeFolder(t);
  const file = join(folder, "a file");
  await writeFile(file, "");
  const cases: [string, RegExp][] = [
    [
      `unix:${file}`,
      /unix:.*\/a file is taken by another program, or is no socket \$ claude-max-api --host 'unix:.*\/a file\.2'$/,
    ],
    [
      `unix:${folder}/none/api.sock`,
      /none\/api\.sock cannot be used: its folder is not there, or not yours \$ claude-max-api --host "unix:\$HOME\/\.claude-max-api\/api\.sock"$/,
    ],
    [
      "192.0.2.1",
      /192\.0\.2\.1:3999 cannot be used: this machine has no such address \$ claude-max-api --host 127\.0\.0\.1$/,
    ],
    ["no.such.invalid", /cannot be used: its name cannot be looked up \$ claude-max-api --host 127\.0\.0\.1$/],
  ];
  const env = { CLAUDE_MAX_API_API_KEY: "k" };
  for (const [host, words] of cases) {
    const found = await examine(t, ["--claude", FAKE_CLI, "--port", "3999", "--host", host], env);
    assert.match(found("port"), words);
  }
});

test("a port below 1024 is not for everybody", LINUX_ONLY, async (t) => {
  const words = [...PROGRAM, "doctor", "--port", "81", "--claude", FAKE_CLI];
  // Root of a namespace has no right over the ports of the machine; no other user has one either.
  const unshare = (await runFile(["unshare", "-r", "true"])).code === 0 ? ["unshare", "-r"] : [];
  const { stdout } = await runFile(["env", ...unshare, ...words], { HOME: makeFolder(t) });
  if (toFindings(stdout)("port").startsWith("ok")) return;
  assert.match(
    toFindings(stdout)("port"),
    /81 cannot be used: this user may not listen there \$ claude-max-api --port 3456$/,
  );
});

test("a server of ours that asks for its key is known, and a stranger is named", async (t) => {
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI, "--api-key", "k"] });
  const locked = await examine(t, ["--claude", FAKE_CLI, "--port", new URL(proxy.url).port]);
  assert.match(locked("port"), /^ok .* is served by claude-max-api, which asks for its key$/);
  assert.match(locked("plan"), /not known: the server here asks for its key, in CLAUDE_MAX_API_API_KEY$/);
  assert.equal(locked("sum"), "All is well");
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const taken = await examine(t, ["--claude", FAKE_CLI, "--port", String(port)], { PATH: dirname(process.execPath) });
  assert.match(taken("port"), new RegExp(`is taken by .* \\$ claude-max-api --port ${port + 1}$`));
  assert.match(taken("plan"), /not known while no server runs here: .*--live$/);
});

test("what is wrong with a workspace is mended by one command, whatever its name", async (t) => {
  const open = join(makeFolder(t), "ann's own");
  await mkdir(open);
  await chmod(open, 0o755);
  const found = await examine(t, ["--claude", FAKE_CLI, "--workspace", open]);
  const [, fix = ""] = /can be read by other users \$ (.*)$/.exec(found("workspace")) ?? [];
  assert.equal((await runFile(["sh", "-c", fix])).code, 0, fix);
  assert.match((await examine(t, ["--claude", FAKE_CLI, "--workspace", open]))("workspace"), /^ok .*ann's own$/);
  const link = join(makeFolder(t), "link");
  await symlink("/nowhere", link);
  const unusable = await examine(t, ["--live", "--claude", FAKE_CLI, "--workspace", link]);
  assert.match(unusable("workspace"), /link is not a folder that you can write to \$ claude-max-api --workspace /);
  assert.match(unusable("live"), /not asked/);
});

test("an MCP server that fails, and a file that is wrong, lead to the file that the user gave", async (t) => {
  const broken = { type: "stdio", command: "/nowhere/server" };
  const file = writeMcpConfig(t, { sound: toStdioServer(), broken });
  const real = await examine(t, ["--mcp-config", file]);
  assert.match(real("mcp +sound:"), /^ok .* sound: 7 tools$/);
  assert.match(real("mcp +broken:"), new RegExp(`^warn .* broken: failed, .* \\$ \\$\\{EDITOR:-vi\\} ${file}$`));
  // Its second process ends at once: the one that is given the servers.
  const start = `[ -e "$0.once" ] && { echo boom >&2; exit 5; }; touch "$0.once"; exec '${FAKE_CLI}' "$@"`;
  const mortal = await examine(t, ["--claude", await writeCli(t, { start }), "--mcp-config", file]);
  assert.match(
    mortal("mcp"),
    /^fail .* the CLI did not load the MCP servers: exited with code 5: boom \$ claude doctor$/,
  );
  await writeFile(file, "{}");
  const wrong = await examine(t, ["--live", "--claude", FAKE_CLI, "--mcp-config", file]);
  assert.match(
    wrong("mcp"),
    new RegExp(`^fail .*${file}: it is not JSON of the form .* \\$ \\$\\{EDITOR:-vi\\} ${file}$`),
  );
  assert.match(wrong("live"), /not asked/);
});

test("a live turn is told by its answer, or by what kept it from one", async (t) => {
  const live = async (env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> =>
    (await examine(t, ["--live", "--claude", FAKE_CLI, ...args], env))("live");
  assert.match(await live({}), /^ok .* claude-\S+ answered after \d+ ms$/);
  const api = await startBotApi(t);
  const telegram = { TELEGRAM_NOTIFY_ID: "7", TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_API_URL: api.url };
  assert.match(
    await live({ FAKE_CLI: "die", ...telegram }),
    /^fail .* the claude process ended unexpectedly \$ claude-max-api --log-level debug$/,
  );
  assert.deepEqual(api.calls, [], "a test is no news");
  assert.match(
    await live({ FAKE_CLI: "silent" }, "--activity-timeout", "1"),
    /no output from the CLI for 1 seconds \$ /,
  );
});

test("a live turn that needs a login, or has a stale key, names the cure", async (t) => {
  const none = await examine(t, ["--live"]);
  assert.match(none("login"), /^fail .* the CLI is not signed in \$ claude auth login$/);
  assert.match(none("live"), /^fail .* the claude CLI is not logged in.* \$ claude auth login$/);
  const upstream = await startUpstream(t);
  upstream.answer(() => [{ status: 401 }]);
  const env = { ANTHROPIC_API_KEY: "stale", ANTHROPIC_BASE_URL: upstream.url };
  assert.match(
    (await examine(t, ["--live"], env))("live"),
    /^fail .* the login was refused, .* \$ unset ANTHROPIC_API_KEY$/,
  );
});
