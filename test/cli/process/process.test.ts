/** One process: its lines, its end, and what happens where none can be started. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { runCommand, startProcess } from "../../../src/cli/process/process.ts";
import type { CliProcess } from "../../../src/cli/process/process.ts";
import { isRunning, killAny, LINUX_ONLY } from "../../helpers/processes.ts";
import { eventually } from "../../helpers/proxy.ts";

const FAKE_CLI = join(import.meta.dirname, "../../fixtures/fake-cli.sh");

const SOURCE = join(import.meta.dirname, "../../../src");

test("without a descriptor left a start is unavailable, to be tried again, and nothing goes unhandled", async () => {
  const script = `
    import { openSync, closeSync } from "node:fs";
    import { startProcess, runCommand } from "${SOURCE}/cli/process/process.ts";
    import { findDescendants, findMarked } from "${SOURCE}/cli/process/descendants.ts";
    import { readVersion } from "${SOURCE}/cli/install/find.ts";
    const command = { file: process.execPath, args: ["-v"], cwd: "/", env: {} };
    const told = [];
    await runCommand(command, 10_000);
    const open = [];
    try { for (;;) open.push(openSync("/dev/null")); } catch {}
    try { startProcess(command, { onLine() {}, onEnd() {} }); } catch (error) { told.push([error.kind, error.retryAfterSeconds]); }
    told.push(await findDescendants(process.pid, async () => ""), await findMarked("none=1"));
    try { await readVersion(command); } catch (error) { told.push([error.kind, error.retryAfterSeconds]); }
    for (const each of open) closeSync(each);
    console.log(JSON.stringify(told));
  `;
  const shell = 'ulimit -n 60; exec "$0" --import tsx --input-type=module -e "$1"';
  const { stdout } = await promisify(execFile)("sh", ["-c", shell, process.execPath, script]);
  assert.deepEqual(JSON.parse(stdout), [["unavailable", 5], [], [], ["unavailable", 5]]);
});

test("where no process more may be started, a start is unavailable, to be tried again", LINUX_ONLY, async () => {
  const script = `
    import { execFileSync } from "node:child_process";
    import { runCommand, startProcess } from "${SOURCE}/cli/process/process.ts";
    const command = { file: process.execPath, args: ["-v"], cwd: "/", env: {} };
    await new Promise((resolve) => startProcess(command, { onLine() {}, onEnd: resolve }));
    // The limit does not hold for root.
    if (process.getuid() === 0) process.setuid(65_534);
    execFileSync("prlimit", ["--pid", String(process.pid), "--nproc=1"]);
    startProcess(command, {
      onLine() {},
      onEnd: (cause, failure) => console.log(JSON.stringify([failure?.kind, failure?.retryAfterSeconds, cause])),
    });
  `;
  const args = ["--import", "tsx", "--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const [kind, seconds, cause] = JSON.parse(stdout) as unknown[];
  assert.deepEqual([kind, seconds], ["unavailable", 5]);
  assert.match(String(cause), /EAGAIN/);
});

interface Started {
  readonly cli: CliProcess;
  /** Settles with the cause of the end. */
  readonly ended: Promise<string>;
  /** Settles with the next line. */
  nextLine(): Promise<string>;
}

function start(t: TestContext, mode: string, env: NodeJS.ProcessEnv = {}): Started {
  let end = (_cause: string): void => undefined;
  let take = (_line: string): void => undefined;
  const ended = new Promise<string>((resolve) => (end = resolve));
  const cli = startProcess(
    { file: FAKE_CLI, args: [], cwd: "/", env: { ...process.env, FAKE_CLI: mode, ...env } },
    { onLine: (line) => take(line), onEnd: end },
  );
  t.after(() => cli.stop("term"));
  return { cli, ended, nextLine: () => new Promise((resolve) => (take = resolve)) };
}

const REQUEST = JSON.stringify({ type: "control_request", request_id: "r1", request: {} });

test("a line that is written is answered with a line, and one between turns ends with its stdin", async (t) => {
  const { cli, ended, nextLine } = start(t, "echo");
  cli.write([REQUEST]);
  assert.equal(JSON.parse(await nextLine()).response.request_id, "r1");
  const stopped = cli.stop("eof");
  assert.equal(cli.stop("term"), stopped, "the first call decides");
  await stopped;
  assert.equal(await ended, "exited with code 0");
});

for (const [ending, signal] of [
  ["term", "SIGTERM"],
  ["int", "SIGINT"],
] as const) {
  test(`${signal} ends one in mid-turn`, async (t) => {
    const { cli, ended, nextLine } = start(t, "silent");
    cli.write([REQUEST]);
    await nextLine();
    await cli.stop(ending);
    assert.equal(await ended, `exited with ${signal}`);
  });
}

test("one that is deaf to its stdin and to SIGTERM is killed, with what it has started", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "claude-max-api-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "pids");
  const readPids = (): number[] => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : []);
  const { cli, ended } = start(t, "deaf", { FAKE_CLI_PIDS: file });
  await eventually("it and its child are there", () => readPids().length === 2);
  await cli.stop("term");
  assert.equal(await ended, "exited with SIGKILL");
  await eventually("both are gone", () => !readPids().some(isRunning));
});

test("an end by itself is told with its code; a file that is not there with its name", async (t) => {
  const { ended } = start(t, "stillborn");
  assert.equal(await ended, "exited with code 3");
  const cause = await new Promise<string>((onEnd) => {
    startProcess({ file: "/nowhere/claude", args: [], cwd: "/", env: {} }, { onLine: () => undefined, onEnd });
  });
  assert.match(cause, /^Cannot start \/nowhere\/claude: .*ENOENT/);
});

/** A shell script as a process; gives the cause of its end. */
function runScript(t: TestContext, script: string, onLine: (line: string) => void): Promise<string> {
  const command = { file: "/bin/sh", args: ["-c", script], cwd: "/", env: process.env };
  return new Promise((onEnd) => {
    const cli = startProcess(command, { onLine, onEnd });
    t.after(() => cli.stop("kill"));
  });
}

test("the end of one is told though what it has started holds its stdout and its stderr", async (t) => {
  const lines: string[] = [];
  assert.equal(await runScript(t, "sleep 30 & echo $!; exit 4", (line) => lines.push(line)), "exited with code 4");
  t.after(() => {
    killAny(lines.map(Number));
  });
  assert.ok(isRunning(Number(lines[0])));
});

test("an error of the reader of a line ends the process, and is named", async (t) => {
  const cause = await runScript(t, "echo a; exec sleep 30", () => {
    throw new RangeError("no such place");
  });
  assert.match(cause, /^its line could not be taken: RangeError: no such place\n.*process\.test/s);
});

test("a short command that is deaf is killed after its time, and what it has started is not waited for", async (t) => {
  const script = "sleep 30 & echo $!; trap '' TERM; exec sleep 30";
  // Time enough for the script to be deaf.
  const { code, stdout } = await runCommand(
    { file: "/bin/sh", args: ["-c", script], cwd: "/", env: process.env },
    1500,
  );
  t.after(() => {
    killAny([Number(stdout)]);
  });
  assert.equal(code, null);
  assert.ok(isRunning(Number(stdout)));
});
