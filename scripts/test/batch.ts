/**
 * One process of tests: a temporary folder of its own, limits for its tests and its silence, and nothing left of it
 * afterwards.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { toBusyFactor } from "../../test/helpers/busy.ts";
import { COMPILED, toCompiled } from "./compiled.ts";
import type { Ended } from "./reporter.ts";
import { findSurvivors, killAll } from "./survivor.ts";
import type { Survivor } from "./survivor.ts";

/** Test files that share a process. */
export interface Batch {
  /** Path of the file, or of the folder that the files are in; from the root, with slashes. */
  readonly name: string;
  /** Paths from the root. Never empty. */
  readonly files: readonly string[];
}

export interface BatchOptions {
  /** Folder that exists, for the batch's temporary folder. */
  readonly root: string;
  /** Folder that the files were compiled into. */
  readonly compiled?: string;
  /**
   * Longest time for one test, in milliseconds. The slowest needs a quarter of the default; more where the machine is
   * busy with other work.
   */
  readonly limitMs?: number;
  /**
   * Longest time without the end of a test, in milliseconds: a process that is silent for longer than one test may
   * take hangs outside of its tests.
   */
  readonly silenceMs?: number;
  /** Longest time for the batch's processes to end after it, in milliseconds. */
  readonly survivalMs?: number;
  /** Is told the process, so that it can be ended with the runner. */
  readonly onStart?: (child: ChildProcess) => void;
}

export interface BatchResult extends Batch {
  readonly tests: readonly Ended[];
  /** Troubles of the process as a whole: it hung, crashed, or left processes running. */
  readonly faults: readonly string[];
  readonly ms: number;
  /** CPU time of the process and all that it started and waited for; 0 where the system does not tell. */
  readonly cpuMs: number;
  /** stdout and stderr of the process. */
  readonly output: string;
}

const PRELOADED = "test/helpers/preload.ts";
const REPORTER = "scripts/test/reporter.ts";
const ENTRY = "scripts/test/entry.ts";
/** Modules that every process of tests loads; compiled with the files. */
export const LOADED = [PRELOADED, REPORTER, ENTRY];

const LIMIT_MS = 120_000;
const SILENCE_MS = 150_000;
const SURVIVAL_MS = 10_000;
const KILL_MS = 10_000;
const POLL_MS = 50;
const TICK_MS = 10;

let countedCpuMs = 0;

/**
 * CPU time of the child that has just ended, with all that it waited for. Source: proc(5), fields 16 and 17 of stat.
 */
function takeCpuMs(): number {
  if (process.platform !== "linux") return 0;
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const before = countedCpuMs;
  countedCpuMs = (Number(fields[13]) + Number(fields[14])) * TICK_MS;
  return countedCpuMs - before;
}

/** Ends a batch's process with its group, at once. */
export function killBatch(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
}

function start(files: readonly string[], compiled: string, env: NodeJS.ProcessEnv): ChildProcess {
  const toModule = (source: string): string => resolve(toCompiled(source, compiled));
  const reporter = ["--test-reporter", toModule(REPORTER), "--test-reporter-destination", "stdout"];
  const args = ["--enable-source-maps", "--import", toModule(PRELOADED), ...reporter, toModule(ENTRY)];
  return spawn(process.execPath, [...args, compiled, ...files], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: process.platform !== "win32",
  });
}

/**
 * Kills the process when no test of it has ended for so long. The function returned stops that, and tells whether it
 * came to it.
 */
function watchSilence(child: ChildProcess, silenceMs: number): () => boolean {
  let isHung = false;
  const onSilence = (): void => {
    isHung = true;
    killBatch(child);
  };
  let timer = setTimeout(onSilence, silenceMs);
  child.on("message", () => {
    clearTimeout(timer);
    timer = setTimeout(onSilence, silenceMs);
  });
  return () => {
    clearTimeout(timer);
    return isHung;
  };
}

/** The batch's processes that are still there after so long. */
async function waitForSurvivors(folder: string, ms: number): Promise<Survivor[]> {
  const endAt = performance.now() + ms;
  let left = findSurvivors(folder);
  while (left.length > 0 && performance.now() < endAt) {
    await delay(POLL_MS);
    left = findSurvivors(folder);
  }
  return left;
}

/** Waits for the batch's processes to end, and kills those that do not. Gives a sentence for each of these. */
async function endSurvivors(folder: string, survivalMs: number): Promise<string[]> {
  const left = await waitForSurvivors(folder, survivalMs);
  killAll(left);
  // A signal is delivered some time after it was sent.
  if (left.length > 0) await waitForSurvivors(folder, KILL_MS);
  return left.map(({ pid, command }) => `left process ${pid} running: ${command}`);
}

/** Gathers what a process prints. */
function readOutput(child: ChildProcess): () => string {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  return () => output;
}

/** Runs the compiled files of a batch to their end. */
export async function runBatch(batch: Batch, options: BatchOptions): Promise<BatchResult> {
  const busy = toBusyFactor();
  const { limitMs = LIMIT_MS * busy, silenceMs = SILENCE_MS * busy, survivalMs = SURVIVAL_MS * busy } = options;
  const folder = mkdtempSync(join(options.root, "t-"));
  const startedAt = performance.now();
  const env = { TMPDIR: folder, TEMP: folder, TMP: folder, TEST_LIMIT_MS: String(limitMs) };
  const child = start(batch.files, options.compiled ?? COMPILED, env);
  options.onStart?.(child);
  const toOutput = readOutput(child);
  const closed = once(child, "close");
  const tests: Ended[] = [];
  child.on("message", (ended) => tests.push(ended as Ended));
  const stopWatch = watchSilence(child, silenceMs);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  const cpuMs = takeCpuMs();
  const isHung = stopWatch();
  const faults = isHung ? [`hung: no test ended for ${silenceMs / 1000} s`] : [];
  faults.push(...(await endSurvivors(folder, survivalMs)));
  // Processes that held the pipes open are gone.
  await closed;
  if (code !== 0 && !isHung && tests.every(({ status }) => status !== "failed")) {
    faults.push(`exited with ${signal ?? `code ${code}`}`);
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return { ...batch, tests, faults, ms: performance.now() - startedAt, cpuMs, output: toOutput() };
}
