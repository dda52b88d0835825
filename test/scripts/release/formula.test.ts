/** The Homebrew formula, filled in. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fillTemplate } from "../../../scripts/release/template.ts";
import { REPOSITORY, TARGETS, toArchive, VERSION } from "../../../scripts/release/targets.ts";
import { hasProgram, runFile } from "../../helpers/command.ts";
import { makeFolder } from "../../helpers/folder.ts";

const SUMS = Object.fromEntries(TARGETS.map((target, index) => [target, String(index).repeat(64)]));
const formula = fillTemplate("formula.rb", SUMS);

test("each of the four platforms has its own archive and sum", () => {
  const pairs = [...formula.matchAll(/url "(https[^"]+)"\n\s+sha256 "([^"]+)"/g)].map(([, url, sum]) => [url, sum]);
  const toUrl = (target: string): string =>
    `https://github.com/${REPOSITORY}/releases/download/v${VERSION}/${toArchive(target)}`;
  assert.deepEqual(
    pairs,
    ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"].map((target) => [toUrl(target), SUMS[target]]),
  );
  assert.match(formula, /on_macos do\n\s+on_arm do[^]*on_intel do[^]*on_linux do\n\s+on_arm do[^]*on_intel do/);
});

test("the service restarts after a crash only, logs, and finds claude; the test asks for /health", () => {
  assert.match(formula, /keep_alive crashed: true/);
  assert.match(formula, /log_path var/);
  assert.match(formula, /PATH: "#\{Dir\.home\}\/\.local\/bin:#\{std_service_path_env\}"/);
  assert.match(formula, /livecheck do\n\s+url :stable/);
  assert.match(formula, /test do[^]*\/health[^]*JSON\.parse/);
  assert.doesNotMatch(formula, /\{\{|--demo/);
});

test("what brew audit refuses is not there: a redundant version, a long or repeated description, curl with --retry", () => {
  assert.doesNotMatch(formula, /^ {2}version /m);
  assert.match(formula, new RegExp(`/v${VERSION.replaceAll(".", "\\.")}/`));
  const description = /desc "([^"]+)"/.exec(formula)?.[1] ?? "";
  assert.ok(`claude-max-api: ${description}`.length <= 100 && description.length < 80, description);
  assert.doesNotMatch(description, /^(?:An?|The) |\.$|claude-max-api/i);
  assert.doesNotMatch(formula, /--retry/);
  // Internal to Homebrew, and to be removed there.
  assert.doesNotMatch(formula, /quiet_system/);
  const parts = ["desc", "homepage", "license", "livecheck", "on_macos", "on_linux", "def install", "def caveats"];
  const order = [...parts, "service do", "test do"].map((part) => formula.indexOf(`\n  ${part}`));
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  assert.doesNotMatch(formula, /service do[^]*run \[bin/);
});

test("a template without a value for its placeholders is refused", () => {
  assert.throws(() => fillTemplate("formula.rb"), /no value for darwin-arm64/);
});

test("blocks are closed, and Ruby reads it where it is", async (t) => {
  const opened = formula.match(/\bdo$|^class |^ +def |^ +if /gm)?.length;
  assert.equal(formula.match(/^\s*end$/gm)?.length, opened);
  if (!(await hasProgram("ruby"))) return;
  const file = join(makeFolder(t), "formula.rb");
  await writeFile(file, formula);
  assert.equal((await runFile(["ruby", "-c", file])).code, 0);
});
