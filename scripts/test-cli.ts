/**
 * Runs the end-to-end tests on releases of the CLI: `npm run test:cli -- 2.1.281 2.1.300 e2e/tools e2e/text`. Arguments
 * that are versions name the releases (the oldest and the newest supported when there is none); the others are parts of
 * the paths of tests, as `scripts/test.ts` takes them (all of e2e when there is none). Exit 1 when one fails.
 */
import { spawnSync } from "node:child_process";
import { MINIMUM_VERSION, NEWEST_TESTED } from "../src/cli/install/release.ts";
import { fetchCli, isVersion, readCliVersion, readFamilyModel } from "./cli.ts";

const args = process.argv.slice(2);
const named = args.filter(isVersion);
const versions = named.length > 0 ? named : [MINIMUM_VERSION, NEWEST_TESTED];
const words = args.filter((text) => !isVersion(text));

function testOn(version: string): boolean {
  const path = fetchCli(version);
  const told = readCliVersion(path);
  if (told !== version) throw new Error(`${path} says it is ${told}`);
  console.log(`\n== claude ${version}: ${path}`);
  const test = ["--import", "tsx", "scripts/test.ts", ...(words.length > 0 ? words : ["test/e2e/"])];
  const sonnet = readFamilyModel(path, "sonnet");
  const env = { ...process.env, TEST_CLAUDE: path, ...(sonnet ? { TEST_CLAUDE_SONNET: sonnet } : {}) };
  const { status } = spawnSync(process.execPath, test, { stdio: "inherit", env });
  return status === 0;
}

const outcomes = versions.map((version) => ({ version, passed: testOn(version) }));
console.log(outcomes.map(({ version, passed }) => `claude ${version}: ${passed ? "passed" : "FAILED"}`).join("\n"));
process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1;
