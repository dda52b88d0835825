/** Short-lived private files of several programs in one folder: who may read them, and which a sweep takes. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createScratch } from "../../src/lib/scratch.ts";
import type { Scratch } from "../../src/lib/scratch.ts";
import { makeFolder } from "../helpers/folder.ts";
import { eventually } from "../helpers/proxy.ts";

const open = (folder: string, watchMs = 1000): Scratch => createScratch({ folder, ending: ".jsonl", watchMs });

/** The timers that keep this process alive: a sweep that watches has one more. */
const countTimers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

async function writeAll(t: TestContext, names: readonly string[]): Promise<string> {
  const folder = makeFolder(t);
  for (const name of names) await writeFile(join(folder, name), "x");
  return folder;
}

test("only this user can read a file, and it is gone once it is removed, also twice", async (t) => {
  const folder = join(makeFolder(t), "new", "deeper");
  const file = open(folder).create();
  assert.equal(existsSync(folder), false);
  await file.write(["wor", "ds"]);
  assert.equal((await stat(file.path)).mode & 0o777, 0o600);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  await file.remove();
  await file.remove();
  assert.equal(existsSync(file.path), false);
});

test("a file that cannot be deleted is no error of its owner's", async (t) => {
  const file = open(makeFolder(t)).create();
  // Of all that the system refuses, this holds for root too.
  await mkdir(file.path);
  await file.remove();
  assert.equal(existsSync(file.path), true);
});

test("files of one folder do not meet", async (t) => {
  const scratch = open(makeFolder(t));
  const paths = Array.from({ length: 10 }, () => scratch.create().path);
  assert.equal(new Set(paths).size, 10);
});

test("a sweep takes what was left behind, whichever process id it names, and nothing of a program that lives", async (t) => {
  const folder = await writeAll(t, ["1-a.jsonl", `${process.pid}-b.jsonl`, "left.jsonl", "notes.txt"]);
  const living = open(folder).create();
  await living.write(["wor", "ds"]);
  await open(folder).sweep();
  assert.deepEqual((await readdir(folder)).sort(), [living.path.slice(folder.length + 1), "notes.txt"].sort());
  await living.remove();
  const dead = join(folder, "later.jsonl");
  await writeFile(dead, "x");
  await open(folder).sweep();
  assert.equal(existsSync(dead), false);
});

test("a sweep leaves a folder alone that is named like a file", async (t) => {
  const folder = await writeAll(t, ["left.jsonl"]);
  await mkdir(join(folder, "folder.jsonl"));
  await open(folder, 20).sweep();
  assert.deepEqual(await readdir(folder), ["folder.jsonl"]);
});

test("a file that comes while others are watched stays", async (t) => {
  const folder = await writeAll(t, ["old.jsonl"]);
  const timers = countTimers();
  const sweeping = open(folder).sweep();
  await eventually("it watches", () => countTimers() > timers);
  await writeFile(join(folder, "new.jsonl"), "x");
  await sweeping;
  assert.deepEqual(await readdir(folder), ["new.jsonl"]);
});

test("a sweep of a folder that is not there is no error, and makes none", async (t) => {
  const folder = join(makeFolder(t), "none");
  await open(folder).sweep();
  assert.equal(existsSync(folder), false);
});
