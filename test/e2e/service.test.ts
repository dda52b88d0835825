/** `service`, with a stand-in for systemctl that takes down what it is asked. */
import assert from "node:assert/strict";
import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { after, test } from "node:test";
import { runProgram } from "../helpers/command.ts";
import { FAKE_CLI, startProxy } from "../helpers/proxy.ts";
import { makeHome, SYSTEMCTL, UNIT } from "../helpers/service.ts";

const running = await startProxy({ after }, { args: ["--claude", FAKE_CLI] });

const toPort = (url: string): string => new URL(url).port;

test("install writes a unit without secrets and a private file with them, and can be repeated", async (t) => {
  const port = toPort(running.url);
  const { home, run } = await makeHome(t, port);
  const first = await run(["install", "--port", port, "--api-key", "hush"], {
    TELEGRAM_BOT_TOKEN: "hush-too",
    ANTHROPIC_API_KEY: "not-this",
  });
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /ANTHROPIC_API_KEY of this shell is not carried over/);
  const unitFile = join(home, UNIT);
  const unit = await readFile(unitFile, "utf8");
  assert.match(unit, new RegExp(`"--port" "${port}"`));
  assert.doesNotMatch(`${unit}${first.stdout}`, /hush|not-this/);
  const envFile = join(home, ".claude-max-api/service.env");
  assert.equal((await stat(envFile)).mode & 0o777, 0o600);
  await writeFile(envFile, `${await readFile(envFile, "utf8")}# mine\nMY_OWN=1\n`);
  const second = await run(["install", "--port", port, "--api-key", "new"]);
  assert.equal(second.code, 0, second.stderr);
  const env = await readFile(envFile, "utf8");
  assert.match(env, /CLAUDE_MAX_API_API_KEY=new\nTELEGRAM_BOT_TOKEN=hush-too\n# mine\nMY_OWN=1\n$/);
  assert.equal(await readFile(unitFile, "utf8"), unit);
  const asked = [
    "--user is-active claude-max-api.service",
    "--user show --property=Version",
    "--user daemon-reload",
    "--user enable claude-max-api.service",
    "--user restart claude-max-api.service",
  ];
  assert.deepEqual((await readFile(join(home, "asked"), "utf8")).trim().split("\n"), [...asked, ...asked]);
});

test("status tells the state and who answers, and is 1 when nobody does", async (t) => {
  assert.equal((await (await makeHome(t)).run(["status"])).code, 1);
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI] });
  const { run } = await makeHome(t, toPort(proxy.url));
  const found = await run(["status"]);
  assert.equal(found.code, 0);
  assert.match(found.stdout, /^state {5}active$/m);
  assert.match(found.stdout, new RegExp(`^server {4}claude-max-api \\S+ on ${proxy.url}$`, "m"));
  proxy.kill("SIGTERM");
  await proxy.exited;
  const ended = await run(["status"]);
  assert.equal(ended.code, 1);
  assert.match(ended.stdout, /no answer from/);
});

test("a server that wants a key is known by the key kept, also while another is installed", async (t) => {
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI, "--api-key", "old"] });
  const port = toPort(proxy.url);
  const { home, run } = await makeHome(t, port);
  assert.equal((await run(["install", "--port", port, "--api-key", "old"])).code, 0);
  assert.equal((await run(["status"])).code, 0);
  assert.equal((await run(["install", "--port", port])).code, 0);
  assert.match(await readFile(join(home, ".claude-max-api/service.env"), "utf8"), /^CLAUDE_MAX_API_API_KEY=old$/m);
});

test("uninstall removes the unit, keeps the keys, and can be repeated", async (t) => {
  const { home, run } = await makeHome(t);
  await run(["install", "--port", "0"]);
  assert.match((await run(["uninstall"])).stdout, /^removed .*claude-max-api\.service/);
  await assert.rejects(stat(join(home, UNIT)), { code: "ENOENT" });
  await stat(join(home, ".claude-max-api/service.env"));
  assert.deepEqual(await run(["uninstall"]), {
    code: 0,
    stdout: `not installed; ${join(home, ".claude-max-api/service.env")} is kept, with your keys\n`,
    stderr: "",
  });
});

test("install refuses a port that another program has, and writes nothing", async (t) => {
  const { home, run } = await makeHome(t);
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await run(["install", "--port", String(port)]);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^Cannot install: port ${port} is taken`));
  await assert.rejects(stat(join(home, ".config")), { code: "ENOENT" });
});

test("install refuses the port of a server that was started by other means, and writes nothing", async (t) => {
  const port = toPort(running.url);
  const refusal = `Cannot install: port ${port} has a claude-max-api that is not this service. Stop it first, or choose another with --port\n`;
  const none = await makeHome(t);
  assert.equal((await none.run(["install", "--port", port])).stderr, refusal);
  await assert.rejects(stat(join(none.home, ".config")), { code: "ENOENT" });
  const other = await makeHome(t, "1");
  assert.equal((await other.run(["install", "--port", port])).stderr, refusal);
  const ended = await makeHome(t, port);
  await writeFile(join(ended.home, "bin/systemctl"), "#!/bin/sh\necho failed\nexit 3\n", { mode: 0o755 });
  assert.equal((await ended.run(["install", "--port", port])).stderr, refusal);
});

test("--print shows what each action would run, on any system, and does nothing", async (t) => {
  const { home, run } = await makeHome(t);
  const show = async (...args: string[]): Promise<string[]> =>
    (await run([...args, "--print"])).stdout
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("$ "));
  assert.deepEqual(await show("uninstall"), [
    "$ systemctl --user disable --now claude-max-api.service",
    "$ systemctl --user daemon-reload",
  ]);
  assert.match(
    (await show("install", "--platform", "darwin")).at(-1) ?? "",
    /^\$ launchctl bootstrap gui\/\d+ .*io\.github\.claude-max-api\.plist$/,
  );
  assert.deepEqual(await show("status", "--platform", "win32"), ["$ schtasks /Query /TN claude-max-api /FO LIST"]);
  for (const made of ["asked", ".config", ".claude-max-api"])
    await assert.rejects(stat(join(home, made)), { code: "ENOENT" });
});

test("logs come from the journal", async (t) => {
  const { home, run } = await makeHome(t);
  await writeFile(join(home, "bin/journalctl"), '#!/bin/sh\necho "journalctl $@"\n', { mode: 0o755 });
  assert.deepEqual(await run(["logs"]), {
    code: 0,
    stdout: "journalctl --user-unit claude-max-api.service --no-pager --lines 200\n",
    stderr: "",
  });
});

test("logs come from the log file where the service was given one", async (t) => {
  const { home, run } = await makeHome(t);
  const file = join(home, "own.log");
  assert.equal((await run(["logs", "--log-file", file])).stderr, `Cannot read the log: ${file} is not there yet\n`);
  await writeFile(file, "mine\n");
  await run(["install", "--port", "0", "--log-file", file]);
  assert.equal((await run(["logs"])).stdout, "mine\n");
});

test("a step that fails is told in the tool's own words", async (t) => {
  const { home, run } = await makeHome(t);
  await writeFile(join(home, "bin/systemctl"), "#!/bin/sh\necho 'Failed to connect to bus' >&2\nexit 1\n", {
    mode: 0o755,
  });
  const { code, stderr } = await run(["install", "--port", "0"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^Cannot run systemctl --user show --property=Version: Failed to connect to bus\. .*enable-linger.*\n$/,
  );
  assert.equal(stderr.trim().split("\n").length, 1);
  await assert.rejects(stat(join(home, ".config")), { code: "ENOENT" });
  await assert.rejects(stat(join(home, ".claude-max-api")), { code: "ENOENT" });
  assert.deepEqual(await run(["uninstall"]), { code: 0, stdout: "not installed\n", stderr: "" });
});

test("an install that fails halfway leaves the files as they were", async (t) => {
  const { home, run } = await makeHome(t);
  const failing = SYSTEMCTL.replace("exit 0", '[ "$2" = restart ] && { echo "no such unit" >&2; exit 5; }\nexit 0');
  await writeFile(join(home, "bin/systemctl"), failing, { mode: 0o755 });
  const { code, stderr } = await run(["install", "--port", "0", "--api-key", "k"]);
  assert.deepEqual([code, stderr], [1, "Cannot run systemctl --user restart claude-max-api.service: no such unit\n"]);
  for (const made of [".config", ".claude-max-api"]) await assert.rejects(stat(join(home, made)), { code: "ENOENT" });

  await writeFile(join(home, "bin/systemctl"), SYSTEMCTL, { mode: 0o755 });
  const unitFile = join(home, UNIT);
  await run(["install", "--port", "0", "--max-queue", "7"]);
  const before = await readFile(unitFile, "utf8");
  await writeFile(join(home, "bin/systemctl"), failing, { mode: 0o755 });
  assert.equal((await run(["install", "--port", "0", "--max-queue", "8"])).code, 1);
  assert.equal(await readFile(unitFile, "utf8"), before);
});

test("a system without systemctl is told so in one sentence", async (t) => {
  const { home, run } = await makeHome(t);
  await rm(join(home, "bin/systemctl"));
  const { code, stderr } = await run(["install", "--port", "0"], { PATH: join(home, "bin") });
  assert.equal(code, 1);
  assert.equal(stderr, "Cannot run systemctl: it is not on this system; --print shows what it would be told\n");
});

test("a variables file of the user's own is used as it is, and a key beside it is refused", async (t) => {
  const { home, run } = await makeHome(t);
  const file = join(home, "own.env");
  await writeFile(file, "CLAUDE_MAX_API_API_KEY=mine\n", { mode: 0o600 });
  const shown = await run(["install", "--print", "--variables", file]);
  assert.match(shown.stdout, new RegExp(`"--variables" "${file}"`));
  assert.doesNotMatch(shown.stdout, /mine/);
  const refused = await run(["install", "--print", "--variables", file, "--api-key", "other"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^Cannot keep a key out of sight/);
});

test("the server reads its variables from a private file only, and the environment wins over it", async (t) => {
  const { home } = await makeHome(t);
  const file = join(home, "own.env");
  await writeFile(file, "# a comment\nexport CLAUDE_MAX_API_API_KEY='from file'\nCLAUDE_MAX_API_LOG_LEVEL=nonsense\n", {
    mode: 0o600,
  });
  const env = { CLAUDE_MAX_API_LOG_LEVEL: "info" };
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI, "--variables", file], env });
  assert.equal((await fetch(`${proxy.url}/v1/models`)).status, 401);
  assert.equal((await fetch(`${proxy.url}/v1/models`, { headers: { authorization: "Bearer from file" } })).status, 200);
  await chmod(file, 0o640);
  const { code, stderr } = await runProgram(["--variables", file], { HOME: home });
  assert.equal(code, 2);
  assert.equal(stderr, `Cannot use --variables ${file}: others can read it. Run chmod 600 ${file}\n`);
});
