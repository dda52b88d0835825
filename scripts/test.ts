/**
 * Builds, then runs batches of test files side by side: all files, a tier, or those whose path holds one of the words
 * given. See test/README.md.
 */
import type { ChildProcess } from "node:child_process";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "./test/compile.ts";
import { killBatch, LOADED, runBatch } from "./test/batch.ts";
import type { Batch, BatchResult } from "./test/batch.ts";
import { findTests, select, SelectionError, toBatches } from "./test/selection.ts";
import type { Selection } from "./test/selection.ts";
import { findSurvivors, killAll } from "./test/survivor.ts";
import { formatBatch, formatSums, isGood } from "./test/summary.ts";
import { keepTimes, pickWhole, readKnownTimes, toQueue } from "./test/times.ts";

const GOLDENS = "test/fixtures/golden";
/** Holds the temporary folder of each batch; short, since sockets' paths have 108 bytes. */
const root = mkdtempSync(join(tmpdir(), "cma-"));
const running = new Set<ChildProcess>();

function readSelection(): Selection {
  try {
    return select(process.argv.slice(2), findTests());
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

/** The program under test. */
function build(): void {
  const { status } = spawnSync(process.execPath, ["--import", "tsx", "scripts/build.ts"], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

function onStart(child: ChildProcess): void {
  running.add(child);
  child.once("exit", () => running.delete(child));
}

/** Runs one batch after the other until none is left. */
async function work(take: () => Batch | undefined, results: BatchResult[]): Promise<void> {
  for (let batch = take(); batch !== undefined; batch = take()) {
    const result = await runBatch(batch, { root, onStart });
    results.push(result);
    console.log(formatBatch(result));
  }
}

function endOn(signal: NodeJS.Signals, code: number): void {
  process.once(signal, () => {
    for (const child of running) killBatch(child);
    killAll(findSurvivors(root));
    process.exit(code);
  });
}

const { files, jobs, waiting, isUpdate, isTimed } = readSelection();
build();
await compile([...files, ...LOADED]);
if (isUpdate) process.env["UPDATE_GOLDENS"] = "1";
process.once("exit", () => rmSync(root, { recursive: true, force: true }));
endOn("SIGINT", 130);
endOn("SIGTERM", 143);
const startedAt = performance.now();
const queue = toQueue(toBatches(files), readKnownTimes());
const results: BatchResult[] = [];
await Promise.all([
  ...Array.from({ length: jobs }, () => work(queue.takeNext, results)),
  ...Array.from({ length: waiting }, () => work(queue.takeWaiting, results)),
]);
keepTimes(pickWhole(results, toBatches(findTests())), isTimed);
console.log(formatSums(results, performance.now() - startedAt));
if (isUpdate) spawnSync("git", ["--no-pager", "diff", "--", GOLDENS], { stdio: "inherit" });
if (!results.every(isGood)) process.exitCode = 1;
