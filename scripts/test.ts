/** Builds, then runs all tests, or those whose path holds one of the words given. An explicit list: fixtures are no tests. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

const words = process.argv.slice(2);
const paths = readdirSync("test", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => `test/${name}`)
  .sort();

for (const word of words.filter((word) => !paths.some((path) => path.includes(word)))) {
  console.error(`Cannot run tests: no file test/**/*.test.ts has "${word}" in its path`);
  process.exit(2);
}
const files = paths.filter((path) => words.length === 0 || words.some((word) => path.includes(word)));

/** Each end-to-end test starts several processes: in CI, where nobody waits for the last minute, one file has the machine to itself. */
const concurrency = process.env["CI"] ? 1 : 2;

function run(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

run(["--import", "tsx", "scripts/build.ts"]);
// The limit is for one test; a file may take as long as its tests.
const limit = ["--import", "./test/helpers/limit.ts"];
run(["--import", "tsx", ...limit, "--test", `--test-concurrency=${concurrency}`, "--test-timeout=1800000", ...files]);
