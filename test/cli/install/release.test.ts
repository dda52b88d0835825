/** The releases of the CLI: one place names them, and everything else agrees with it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isOlder, MINIMUM_VERSION, NEWEST_TESTED } from "../../../src/cli/install/release.ts";
import { runFile } from "../../helpers/command.ts";
import { FAKE_CLI } from "../../helpers/proxy.ts";

test("releases are ordered by number, not by letter", () => {
  assert.ok(isOlder("2.1.99", "2.1.281"));
  assert.ok(isOlder("2.1.281", "2.2.0"));
  assert.ok(isOlder("1.9.9", "2.0.0"));
  assert.ok(!isOlder("2.1.281", "2.1.281"));
  assert.ok(!isOlder("3.0.0", "2.9.999"));
});

test("the newest tested release is not older than the minimum", () => {
  assert.ok(!isOlder(NEWEST_TESTED, MINIMUM_VERSION));
});

test("the development dependency is the newest tested release, exactly", () => {
  const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    devDependencies: Readonly<Record<string, string>>;
  };
  assert.equal(devDependencies["@anthropic-ai/claude-code"], NEWEST_TESTED);
});

test("the stand-in for the CLI says it is the newest tested release", async () => {
  const { stdout } = await runFile([FAKE_CLI, "--version"]);
  assert.equal(stdout, `${NEWEST_TESTED} (Claude Code)\n`);
});

test("the README asks for the minimum wherever it asks for a release", () => {
  const readme = readFileSync("README.md", "utf8");
  const asked = [...readme.matchAll(/(\d+\.\d+\.\d+)\s+or\s+newer/g)].map(([, version]) => version);
  assert.ok(asked.length > 0);
  assert.deepEqual([...new Set(asked)], [MINIMUM_VERSION]);
});
