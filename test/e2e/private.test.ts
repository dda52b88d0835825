/** Files and folders that were there before the server, open to other users. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder } from "../helpers/folder.ts";
import { FAKE_CLI, startProxy } from "../helpers/proxy.ts";

const toMode = (path: string): number => statSync(path).mode & 0o777;

test("the default workspace is made private when others can read it", async (t) => {
  const home = makeFolder(t);
  const workspace = join(home, ".claude-max-api/workspace");
  mkdirSync(workspace, { recursive: true });
  chmodSync(workspace, 0o755);
  await startProxy(t, { home, args: ["--claude", FAKE_CLI] });
  assert.equal(toMode(workspace), 0o700);
});

test("a workspace and a log file that the user chose stay as they are, and are warned of by name", async (t) => {
  const home = makeFolder(t);
  const workspace = join(home, "shared");
  const log = join(home, "server.log");
  mkdirSync(workspace);
  chmodSync(workspace, 0o750);
  writeFileSync(log, "");
  chmodSync(log, 0o644);
  await startProxy(t, { home, args: ["--claude", FAKE_CLI, "--workspace", workspace, "--log-file", log] });
  const written = readFileSync(log, "utf8");
  assert.ok(written.includes(`chmod 700 ${workspace}`), written);
  assert.ok(written.includes(`chmod 600 ${log}`), written);
  assert.deepEqual([toMode(workspace), toMode(log)], [0o750, 0o644]);
});
