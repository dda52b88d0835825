/**
 * Runs the end-to-end and command tests against the packaged executable of this platform, and compares how fast it
 * starts.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { HOST, NAME, RELEASE, toArchive, toExecutable } from "./release/targets.ts";

const ROUNDS = 11;
/** The executable's start may take this much of the bundle's. */
const MOST_RATIO = 1.3;

const archive = join(RELEASE, toArchive(HOST));
if (!existsSync(archive)) throw new Error(`Cannot test ${archive}: it is not there. Run npm run package`);

/**
 * From the start of a program to its first answer of /health, in milliseconds. Without a CLI, so that only the program
 * is timed.
 */
async function timeStart([file, ...args]: readonly [string, ...string[]], home: string): Promise<number> {
  const startedAt = performance.now();
  const env = { PATH: process.env["PATH"], HOME: home };
  const child = spawn(file, [...args, "--port", "0", "--claude", "/nowhere/claude"], {
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  await (await fetch(`${/http:\S+/.exec(line)?.[0]}/health`)).json();
  const ms = performance.now() - startedAt;
  child.kill("SIGTERM");
  await once(child, "exit");
  return ms;
}

const toMedian = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

async function compareStarts(executable: string, home: string): Promise<void> {
  const times: { packed: number[]; plain: number[] } = { packed: [], plain: [] };
  // In turns, so that a busy moment of the machine meets both.
  for (let round = 0; round <= ROUNDS; round++) {
    const packed = await timeStart([executable], home);
    const plain = await timeStart([process.execPath, `dist/${NAME}.cjs`], home);
    if (round === 0) continue;
    times.packed.push(packed);
    times.plain.push(plain);
  }
  const [packed, plain] = [toMedian(times.packed), toMedian(times.plain)];
  console.log(
    `start to /health: executable ${packed.toFixed(0)} ms, node ${process.versions.node} ${plain.toFixed(0)} ms, ratio ${(packed / plain).toFixed(2)} (at most ${MOST_RATIO})`,
  );
  if (packed / plain > MOST_RATIO) process.exitCode = 1;
}

function runTests(executable: string): void {
  const words = process.argv.length > 2 ? process.argv.slice(2) : ["--e2e"];
  // The checkout's own CLI is found from the bundle only.
  const claude = join(process.cwd(), "node_modules/@anthropic-ai", `claude-code-${process.platform}-${process.arch}`);
  const env = {
    ...process.env,
    CLAUDE_MAX_API_PROGRAM: executable,
    PATH: `${claude}${delimiter}${process.env["PATH"]}`,
  };
  const { status } = spawnSync(process.execPath, ["--import", "tsx", "scripts/test.ts", ...words], {
    stdio: "inherit",
    env,
  });
  if (status !== 0) process.exitCode = 1;
}

const folder = mkdtempSync(join(tmpdir(), `${NAME}-binary-`));
try {
  execFileSync("tar", ["-xf", archive, "-C", folder, toExecutable(HOST)]);
  const executable = join(folder, toExecutable(HOST));
  runTests(executable);
  await compareStarts(executable, dirname(executable));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
