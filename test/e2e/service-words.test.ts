/** The sentences of `service`, each from a system that is made to be so. */
import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { linkPrograms, runFile } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";
import { BUNDLE, FAKE_CLI, startProxy } from "../helpers/proxy.ts";
import { makeHome, SYSTEMCTL, UNIT } from "../helpers/service.ts";

const ENV = ".claude-max-api/service.env";
const HINT = "To have it run while you are not logged in: loginctl enable-linger";

const proxy = await startProxy({ after }, { args: ["--claude", FAKE_CLI, "--api-key", "k"] });

test("install tells what it wrote, what it left out, and where it runs; status, what is there", async (t) => {
  assert.deepEqual(await (await makeHome(t)).run(["status"]), {
    code: 1,
    stdout: "not installed: claude-max-api service install\n",
    stderr: "",
  });
  const { port } = new URL(proxy.url);
  const { home, run } = await makeHome(t, port);
  const own = { CLAUDE_MAX_API_API_KEY: "k", HTTPS_PROXY: "http://u:p@h:1", CLAUDE_CODE_OAUTH_TOKEN: "t" };
  const { code, stdout } = await run(["install", "--port", port], own);
  assert.equal(code, 0);
  assert.deepEqual(stdout.split("\n"), [
    `installed ${home}/${UNIT}`,
    `variables ${home}/${ENV}: CLAUDE_MAX_API_API_KEY, HTTPS_PROXY`,
    `note: CLAUDE_CODE_OAUTH_TOKEN of this shell is not carried over; to use it in the service, add it to ${home}/${ENV}`,
    HINT,
    `running on ${proxy.url}`,
    "",
  ]);
  const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
  const lines = [`installed ${home}/${UNIT}`, "state     active"];
  assert.equal(
    (await run(["status"])).stdout,
    `${[...lines, `server    claude-max-api ${version} on ${proxy.url}`].join("\n")}\n`,
  );
  await rm(join(home, ENV));
  await writeFile(join(home, "bin/systemctl"), "#!/bin/sh\nexit 4\n", { mode: 0o755 });
  assert.deepEqual(await run(["status"]), {
    code: 0,
    stdout: `${lines[0]}\nstate     unknown\nserver    claude-max-api, which asks for another key, on ${proxy.url}\n`,
    stderr: "",
  });
  assert.equal((await run(["uninstall"])).stdout, `removed ${home}/${UNIT}\n`);
  assert.equal((await run(["uninstall"])).stdout, "not installed\n");
});

test("a service on any free port is not waited for, and one that does not come is told with the way to its log", async (t) => {
  const { home, run } = await makeHome(t);
  const any = await run(["install", "--port", "0"]);
  assert.deepEqual(any.stdout.split("\n").slice(-3), [HINT, "running", ""]);
  // Nothing is started by the stand-in.
  const socket = join(home, "api.sock");
  const { code, stdout } = await run(["install", "--host", `unix:${socket}`]);
  assert.equal(code, 1);
  assert.deepEqual(stdout.split("\n").slice(-2), ["It does not answer yet: see claude-max-api service logs", ""]);
});

test("an address that cannot be had is told by the reason, and nothing is written", async (t) => {
  const { home, run } = await makeHome(t);
  const { port } = new URL(proxy.url);
  await writeFile(join(home, "file"), "");
  const cases: [string[], string][] = [
    [
      ["--port", port],
      `port ${port} has a claude-max-api with another key. ` +
        "Set CLAUDE_MAX_API_API_KEY to that, or choose another with --port",
    ],
    [
      ["--host", `unix:${home}/file`],
      `unix:${home}/file is taken by another program. Stop that program, or choose another with --host`,
    ],
    [
      ["--host", `unix:${home}/none/api.sock`],
      `unix:${home}/none/api.sock cannot be used: its folder is not there, or not yours. Choose another with --host`,
    ],
    [
      ["--host", "192.0.2.1", "--port", "3999", "--api-key", "k"],
      "192.0.2.1:3999 cannot be used: this machine has no such address. Choose another with --host",
    ],
  ];
  for (const [args, words] of cases) {
    const { code, stdout, stderr } = await run(["install", ...args]);
    assert.deepEqual([code, stdout, stderr], [1, "", `Cannot install: ${words}\n`]);
  }
  await assert.rejects(stat(join(home, ".config")), { code: "ENOENT" });
});

test("a program that will not last is not installed", async (t) => {
  const { home } = await makeHome(t);
  const env = { HOME: home, CLAUDE_MAX_API_CLAUDE: FAKE_CLI };
  const sources = [process.execPath, "--import", "tsx", "src/main.ts", "service", "install", "--port", "0"] as const;
  assert.deepEqual(await runFile(sources, env), {
    code: 2,
    stdout: "",
    stderr: "Cannot install the sources: run npm run build, then node dist/claude-max-api.cjs service install\n",
  });
  const cached = join(home, ".npm/_npx/12ab/node_modules/claude-max-api/dist/claude-max-api.cjs");
  await mkdir(dirname(cached), { recursive: true });
  await copyFile(BUNDLE, cached);
  assert.deepEqual(await runFile([process.execPath, cached, "service", "install", "--port", "0"], env), {
    code: 2,
    stdout: "",
    stderr: "Cannot install from npx's cache: run npm install -g claude-max-api first\n",
  });
});

test("a program is named by a path that stays: PATH's for Node, and none of one login session", async (t) => {
  const { home } = await makeHome(t);
  const version = join(home, "fnm/v24/installation/bin");
  await mkdir(version, { recursive: true });
  await copyFile(BUNDLE, join(version, "claude-max-api"));
  await mkdir(join(home, "run/fnm_multishells"), { recursive: true });
  const session = join(home, "run/fnm_multishells/123_456");
  await symlink(dirname(version), session);
  await symlink(process.execPath, join(version, "node"));
  await symlink(process.execPath, join(home, "bin/node"));
  const command = [process.execPath, join(session, "bin/claude-max-api"), "service", "install", "--print"] as const;
  const env = {
    HOME: home,
    PATH: `${session}/bin:${home}/bin:${process.env["PATH"]}`,
    CLAUDE_MAX_API_CLAUDE: FAKE_CLI,
  };
  const { stdout } = await runFile([...command, "--port", "0"], env);
  assert.ok(stdout.includes(`ExecStart="${home}/bin/node" "${version}/claude-max-api" "serve"`), stdout);
});

test("a service's file of variables that cannot be read is told by its line", async (t) => {
  const { home, run } = await makeHome(t);
  await mkdir(dirname(join(home, ENV)));
  await writeFile(join(home, ENV), "A=1\n\nnonsense\n");
  assert.deepEqual(await run(["install", "--port", "0"]), {
    code: 2,
    stdout: "",
    stderr: `Cannot read ${home}/${ENV}: line 3 is not NAME=VALUE\n`,
  });
});

test("a log that cannot be read is told so", async (t) => {
  const { home, run } = await makeHome(t);
  const bin = makeFolder(t);
  await linkPrograms(bin, ["sh"]);
  const missing = await run(["logs"], { PATH: bin });
  assert.deepEqual(missing, {
    code: 1,
    stdout: "",
    stderr: "Cannot run journalctl: it is not on this system; --print shows what it would be told\n",
  });
  const journal = (script: string): Promise<void> =>
    writeFile(join(home, "bin/journalctl"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const command = "journalctl --user-unit claude-max-api.service --no-pager --lines 200";
  await journal("echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1");
  assert.equal(
    (await run(["logs"])).stderr,
    `Cannot run ${command}: No journal files were opened due to insufficient permissions.\n`,
  );
  await journal("exit 3");
  assert.equal((await run(["logs"])).stderr, `Cannot run ${command}: it ended with 3\n`);
});

test("where the log is a file, its newest lines are shown, and it is told when there is none yet", async (t) => {
  const home = makeFolder(t);
  const script = `
    import { logs } from "./src/commands/service/status.ts";
    import { toLaunchdUnit } from "./src/commands/service/launchd.ts";
    const [home] = process.argv.slice(-1);
    await logs(toLaunchdUnit({ command: ["/bin/sh"], home, path: [], userId: 501, userName: "ann" }));`;
  const words = [process.execPath, "--import", "tsx", "--input-type=module", "-e", script, home] as const;
  const file = join(home, "Library/Logs/claude-max-api.log");
  assert.equal((await runFile(words)).stderr, `Cannot read the log: ${file} is not there yet\n`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${"x".repeat(40_000)}\nlast but one\nlast\n`);
  assert.equal((await runFile(words)).stdout, "last but one\nlast\n");
});

test("a step that fails without a word is told by its exit code", async (t) => {
  const { home, run } = await makeHome(t);
  await writeFile(join(home, "bin/systemctl"), SYSTEMCTL.replace("exit 0", '[ "$2" = enable ] && exit 7\nexit 0'), {
    mode: 0o755,
  });
  assert.equal(
    (await run(["install", "--port", "0"])).stderr,
    "Cannot run systemctl --user enable claude-max-api.service: it ended with 7\n",
  );
});

test("--print shows each file under its name, without the values", async (t) => {
  const { home, run } = await makeHome(t);
  const { stdout } = await run(["install", "--print", "--port", "0"], { CLAUDE_MAX_API_API_KEY: "hush" });
  assert.ok(stdout.startsWith(`# ${home}/${UNIT}\n[Unit]\n`), stdout);
  assert.match(stdout, new RegExp(`^# ${home}/${ENV} \\(mode 0600\\)$`, "m"));
  assert.match(stdout, /^CLAUDE_MAX_API_API_KEY=…$/m);
  assert.equal((await run(["logs", "--print"])).stdout.slice(0, 13), "$ journalctl ");
});
