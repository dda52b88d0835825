import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createLog } from "../../src/lib/log.ts";
import { createArchive, keepDays } from "../../src/meter/archive.ts";
import type { Archive } from "../../src/meter/archive.ts";
import { createDay } from "../../src/meter/day.ts";
import type { Day } from "../../src/meter/day.ts";
import { createMeter } from "../../src/meter/meter.ts";
import { makeFolder } from "../helpers/folder.ts";
import { createHandTime, playTurn } from "./sample.ts";

interface Place {
  readonly archive: Archive;
  readonly folder: string;
  readonly warnings: string[];
}

function open(t: TestContext): Place {
  const folder = join(makeFolder(t), "usage");
  const warnings: string[] = [];
  return {
    archive: createArchive({ folder, log: createLog("warn", (line) => warnings.push(line)) }),
    folder,
    warnings,
  };
}

const toDay = (date: string, requests = 1): Day => ({ ...createDay(date), requests });

test("days outlive a restart, in private files", async (t) => {
  const { archive, folder } = open(t);
  const time = createHandTime();
  const meter = createMeter(time);
  playTurn(meter, time);
  await keepDays(meter, archive).close();
  assert.deepEqual(await readdir(folder), ["2026-11.json"]);
  assert.equal((await stat(join(folder, "2026-11.json"))).mode & 0o777, 0o600);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);

  const next = createMeter(time);
  next.addDays(await archive.readNewest());
  playTurn(next, time);
  assert.equal(next.read().days[0]?.requests, 2);
  await archive.add(next.takeDays());
  assert.equal((await archive.readMonth("2026-11"))[0]?.requests, 2);
});

test("two servers add to one file", async (t) => {
  const { archive, folder } = open(t);
  const other = createArchive({ folder, log: createLog("warn") });
  await archive.add([toDay("2026-11-15")]);
  await other.add([toDay("2026-11-15", 2)]);
  await archive.add([toDay("2026-11-15", 4)]);
  assert.equal((await other.readMonth("2026-11"))[0]?.requests, 7);
});

test("calls at once are written one after another", async (t) => {
  const { archive } = open(t);
  await Promise.all(Array.from({ length: 20 }, () => archive.add([toDay("2026-11-15")])));
  assert.equal((await archive.readMonth("2026-11"))[0]?.requests, 20);
});

test("a month's end makes two files, and the newest three are read: February alone has not 31 days", async (t) => {
  const { archive, folder } = open(t);
  await archive.add([toDay("2027-02-28"), toDay("2027-03-01"), toDay("2027-01-31"), toDay("2026-12-31")]);
  assert.equal((await readdir(folder)).length, 4);
  assert.deepEqual(
    (await archive.readNewest()).map(({ date }) => date),
    ["2027-01-31", "2027-02-28", "2027-03-01"],
  );
});

test("a month that cannot be read just now is not written anew", async (t) => {
  const { archive, folder, warnings } = open(t);
  // A folder in the file's place fails with EISDIR, as a full table of files does with EMFILE.
  const file = join(folder, "2026-11.json");
  await mkdir(file, { recursive: true });
  await archive.add([toDay("2026-11-15")]);
  assert.deepEqual(await archive.readMonth("2026-11"), []);
  assert.match(warnings.join("\n"), /cannot save usage.*EISDIR.*\n.*cannot read usage.*EISDIR/);
  assert.deepEqual(await readdir(folder), ["2026-11.json"]);
  await rm(file, { recursive: true });
  await archive.add([toDay("2026-11-15", 2)]);
  assert.equal((await archive.readMonth("2026-11"))[0]?.requests, 3);
});

test("the longest name of a model is read back", async (t) => {
  const { archive } = open(t);
  const time = createHandTime();
  const meter = createMeter(time);
  const model = `us-gov.anthropic.claude-${"x".repeat(96)}[1m]`;
  playTurn(meter, time, { model });
  await archive.add(meter.takeDays());
  assert.equal((await archive.readMonth("2026-11"))[0]?.models[0]?.name, model);
});

test("a damaged file is set aside with a warning, and counting goes on", async (t) => {
  const { archive, folder, warnings } = open(t);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "2026-11.json"), '{"days":[{"date":"2026-');
  assert.deepEqual(await archive.readNewest(), []);
  await archive.add([toDay("2026-11-15")]);
  assert.deepEqual((await readdir(folder)).sort(), ["2026-11.json", "2026-11.json.damaged"]);
  assert.match(warnings.join("\n"), /damaged and was set aside/);
  assert.equal((await archive.readNewest()).length, 1);
});

test("24 months are kept", async (t) => {
  const { archive, folder } = open(t);
  for (let year = 2024; year <= 2026; year++)
    for (let month = 1; month <= 12; month++)
      await archive.add([toDay(`${year}-${String(month).padStart(2, "0")}-01`)]);
  const names = (await readdir(folder)).sort();
  assert.equal(names.length, 24);
  assert.equal(names[0], "2025-01.json");
});

test("a folder that cannot be written to loses nothing once it can", async (t) => {
  const { archive, folder, warnings } = open(t);
  // A file in the folder's place: a mode would not keep root out.
  await writeFile(folder, "");
  await archive.add([toDay("2026-11-15")]);
  assert.match(warnings.join("\n"), /cannot save usage/);
  await rm(folder);
  await archive.add([toDay("2026-11-15", 2)]);
  assert.equal((await archive.readMonth("2026-11"))[0]?.requests, 3);
});

test("no word of content and no id of a request or turn is in the file", async (t) => {
  const { archive, folder } = open(t);
  const time = createHandTime();
  const meter = createMeter(time);
  playTurn(meter, time);
  await archive.add(meter.takeDays());
  await chmod(folder, 0o700);
  const text = await readFile(join(folder, "2026-11.json"), "utf8");
  assert.doesNotMatch(text, /Hello|req_1|turn_1/);
});
