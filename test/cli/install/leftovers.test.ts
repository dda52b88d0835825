/** What CLI processes leave behind goes by age, and only from the folders that are ours. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sweepLeftovers, toCacheFolder, toLogFolder } from "../../../src/cli/install/leftovers.ts";

/** A file or folder that was changed so many minutes ago. */
function make(path: string, minutes: number, isFolder = false): void {
  if (isFolder) mkdirSync(path);
  else writeFileSync(path, "");
  const at = Date.now() / 1000 - 60 * minutes;
  utimesSync(path, at, at);
}

test("a log folder has the workspace's path in its name, as the CLI writes it", () => {
  assert.equal(
    toLogFolder("/c", "/tmp/work.space_1", "client"),
    join("/c", "claude-cli-nodejs", "-tmp-work-space-1", "mcp-logs-client"),
  );
});

test("the cache folder is an absolute one, also where its variable is empty", () => {
  const folder = toCacheFolder({}, "/home/me");
  assert.equal(toCacheFolder({ XDG_CACHE_HOME: "" }, "/home/me"), folder);
  assert.ok(folder.startsWith(join("/home/me")));
});

test("probes and logs go after a minute, other temporary files after a day, and at the end all logs", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "claude-max-api-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [temporary, logs] = [join(folder, "tmp"), join(folder, "logs")];
  const user = join(temporary, "claude-0");
  for (const each of [temporary, logs, user]) mkdirSync(each);
  make(join(user, "fswatch-probe-old"), 2, true);
  make(join(user, "fswatch-probe-new"), 0, true);
  make(join(user, "-home-me-old"), 60 * 25, true);
  make(join(user, "-home-me-new"), 60, true);
  make(join(logs, "old.jsonl"), 2);
  make(join(logs, "new.jsonl"), 0);
  await sweepLeftovers({ temporary, logs: [logs] });
  assert.deepEqual(readdirSync(user).sort(), ["-home-me-new", "fswatch-probe-new"]);
  assert.deepEqual(readdirSync(logs), ["new.jsonl"]);
  await sweepLeftovers({ temporary, logs: [logs] }, true);
  assert.deepEqual(readdirSync(logs), []);
});

test("folders that are not there are no failure", async () => {
  await assert.doesNotReject(sweepLeftovers({ temporary: "/nowhere/tmp", logs: ["/nowhere/logs"] }));
});
