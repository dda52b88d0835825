/** The runner's output: a line for each batch, failures in full, and the sums at the end. */
import type { BatchResult } from "./batch.ts";
import type { Ended } from "./reporter.ts";

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const count = (tests: readonly Ended[], status: Ended["status"]): number =>
  tests.filter((test) => test.nesting === 0 && test.status === status).length;
const toTitle = ({ file, name }: Ended): string => `${file}: ${name}`;

/** True when nothing is wrong with a batch: each test passed or was skipped by name, and nothing was left. */
export function isGood({ tests, faults }: BatchResult): boolean {
  return faults.length === 0 && tests.every(({ status }) => status !== "failed");
}

/** One line for a batch that passed; with each failed test and all output for one that failed. */
export function formatBatch(result: BatchResult): string {
  const { name, files, tests, faults, ms, cpuMs, output } = result;
  const isPassed = isGood(result);
  const label = files.length > 1 ? `${name} (${files.length} files)` : name;
  const cpu = cpuMs > 0 ? `, CPU ${seconds(cpuMs)}` : "";
  const head = `${isPassed ? "✔" : "✖"} ${label}: ${count(tests, "passed")} passed, ${seconds(ms)}${cpu}`;
  const skipped = tests
    .filter(({ status }) => status === "skipped")
    .map(({ name: what, why }) => `  - skipped: ${what} (${why})`);
  if (isPassed) return [head, ...skipped].join("\n");
  const failed = tests.filter(({ status }) => status === "failed");
  return [
    head,
    ...skipped,
    ...failed.map((test) => `not ok ${toTitle(test)} (${seconds(test.ms)})\n${test.why.replaceAll(/^/gm, "    ")}`),
    ...faults.map((fault) => `not ok ${name}: ${fault}`),
    ...(output.trim() === "" ? [] : [`output of ${name}:\n${output.trimEnd()}`]),
  ].join("\n");
}

/** The sums, and the names of whatever failed. */
export function formatSums(results: readonly BatchResult[], wallMs: number): string {
  const tests = results.flatMap((result) => result.tests);
  const cpuMs = results.reduce((sum, result) => sum + result.cpuMs, 0);
  const bad = results.filter((result) => !isGood(result));
  const names = bad.flatMap((result) => [
    ...result.tests.filter(({ status }) => status === "failed").map(toTitle),
    ...result.faults.map((fault) => `${result.name}: ${fault}`),
  ]);
  const [passed, skipped] = [count(tests, "passed"), count(tests, "skipped")];
  const failed = count(tests, "failed") + bad.flatMap(({ faults }) => faults).length;
  return [
    ...names.map((name) => `✖ ${name}`),
    `# files ${results.reduce((sum, { files }) => sum + files.length, 0)}`,
    `# time ${seconds(wallMs)}, CPU ${seconds(cpuMs)}`,
    // The closing line that continuous integration reads, alone on its line.
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
  ].join("\n");
}
