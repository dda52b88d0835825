/** A turn recorded from the real CLI, and replayed without it. */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CLI } from "../helpers/cli.ts";
import { runFile } from "../helpers/command.ts";
import { makeFolder } from "../helpers/folder.ts";

test("a recorded turn is replayed as the answer it was", async (t) => {
  const folder = makeFolder(t);
  const file = join(folder, "turn.jsonl");
  const run = (...args: readonly string[]) => runFile([process.execPath, "--import", "tsx", ...args], { HOME: folder });
  const recorded = await run("scripts/record.ts", "a word in return", "--out", file, "--demo", "--claude", CLI);
  assert.equal(recorded.code, 0, recorded.stderr);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.match(await readFile(file, "utf8"), /"subtype":"initialize"/);
  const replayed = await run("scripts/replay.ts", file);
  assert.equal(replayed.code, 0, replayed.stderr);
  assert.match(replayed.stdout, /^# answer 1: finished/);
  assert.match(replayed.stdout, /"text":"a word in return"/);
});
