/** The runner's output: a line for each file, failures in full, and the sums at the end. */
import type { FileResult } from "./file.ts";
import type { Ended } from "./reporter.ts";

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const count = (tests: readonly Ended[], status: Ended["status"]): number =>
  tests.filter((test) => test.nesting === 0 && test.status === status).length;

/** True when nothing is wrong with a file: each test passed or was skipped by name, and nothing was left. */
export function isGood({ tests, faults }: FileResult): boolean {
  return faults.length === 0 && tests.every(({ status }) => status !== "failed");
}

/** One line for a file that passed; with each failed test and all output for one that failed. */
export function formatFile(result: FileResult): string {
  const { path, tests, faults, ms, cpuMs, output } = result;
  const isPassed = isGood(result);
  const cpu = cpuMs > 0 ? `, CPU ${seconds(cpuMs)}` : "";
  const head = `${isPassed ? "✔" : "✖"} ${path}: ${count(tests, "passed")} passed, ${seconds(ms)}${cpu}`;
  const skipped = tests
    .filter(({ status }) => status === "skipped")
    .map(({ name, why }) => `  - skipped: ${name} (${why})`);
  if (isPassed) return [head, ...skipped].join("\n");
  const failed = tests.filter(({ status }) => status === "failed");
  return [
    head,
    ...skipped,
    ...failed.map(({ name, ms, why }) => `not ok ${path}: ${name} (${seconds(ms)})\n${why.replaceAll(/^/gm, "    ")}`),
    ...faults.map((fault) => `not ok ${path}: ${fault}`),
    ...(output.trim() === "" ? [] : [`output of ${path}:\n${output.trimEnd()}`]),
  ].join("\n");
}

/** The sums, and the names of whatever failed. */
export function formatSums(results: readonly FileResult[], wallMs: number): string {
  const tests = results.flatMap((result) => result.tests);
  const cpuMs = results.reduce((sum, result) => sum + result.cpuMs, 0);
  const bad = results.filter((result) => !isGood(result));
  const names = bad.flatMap(({ path, tests, faults }) => [
    ...tests.filter(({ status }) => status === "failed").map(({ name }) => `${path}: ${name}`),
    ...faults.map((fault) => `${path}: ${fault}`),
  ]);
  const [passed, skipped] = [count(tests, "passed"), count(tests, "skipped")];
  const failed = count(tests, "failed") + bad.flatMap(({ faults }) => faults).length;
  return [
    ...names.map((name) => `✖ ${name}`),
    `# files ${results.length}`,
    `# time ${seconds(wallMs)}, CPU ${seconds(cpuMs)}`,
    // The closing line that continuous integration reads, alone on its line.
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
  ].join("\n");
}
