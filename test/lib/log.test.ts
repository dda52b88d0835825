/** Log lines: one an entry, whatever it holds, and none that is not asked for. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createLog, createLogFile, LOG_LEVELS } from "../../src/lib/log.ts";
import type { LogFields, LogLevel } from "../../src/lib/log.ts";
import { makeFolder } from "../helpers/folder.ts";

/** The lines a log of this level writes when every level is used once. */
function writeAll(threshold: LogLevel): string[] {
  const lines: string[] = [];
  const log = createLog(threshold, (line) => lines.push(line));
  for (const level of LOG_LEVELS) log[level]("said");
  return lines.map((line) => line.split(" ")[1] ?? "");
}

function writeOne(fields: LogFields): string {
  const lines: string[] = [];
  createLog("info", (line) => lines.push(line)).info("request", fields);
  assert.equal(lines.length, 1);
  return lines[0] ?? "";
}

test("entries up to the level are written, and no others", () => {
  for (const [at, level] of LOG_LEVELS.entries()) assert.deepEqual(writeAll(level), LOG_LEVELS.slice(0, at + 1));
});

test("a level is on exactly when its entries are written", () => {
  for (const [most, threshold] of LOG_LEVELS.entries()) {
    const log = createLog(threshold, () => undefined);
    for (const [at, level] of LOG_LEVELS.entries())
      assert.equal(log.isOn(level), at <= most, `${level} at ${threshold}`);
  }
});

test("a line is a time, a level, words and fields", () => {
  const line = writeOne({ status: 200, path: "/v1/models", ok: true, left: undefined });
  assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info request status=200 path=\/v1\/models ok=true$/);
});

test("a value that could be read as two is quoted", () => {
  assert.match(writeOne({ path: "/a b=c" }), / path="\/a b=c"$/);
  assert.match(writeOne({ path: "" }), / path=""$/);
  assert.match(writeOne({ path: 'say "x"' }), / path="say \\"x\\""$/);
});

test("no value can begin a line of its own", () => {
  const forged = "x\n2026-01-01T00:00:00.000Z error forged\r\n\u0000";
  const line = writeOne({ path: forged });
  assert.doesNotMatch(line, /[\r\n\0]/);
  assert.equal(JSON.parse(line.slice(line.indexOf('"'))), forged);
});

test("no value has a character that a terminal would obey", () => {
  const path = "/\u009b2J\u009bH\u007f\u2028\u202e\u2066";
  const line = writeOne({ path });
  assert.doesNotMatch(line, /[^ -~]/);
  assert.equal(JSON.parse(line.slice(line.indexOf('"'))), path);
  assert.match(writeOne({ path: "/Zürich" }), / path="\/Zürich"$/);
});

test("a log file that grows past its limit is set aside, while it is written", (t) => {
  const file = join(makeFolder(t), "logs/own.log");
  const write = createLogFile(file, 20);
  for (const line of ["first line", "second", "third line", "fourth"]) write(line);
  assert.equal(readFileSync(file, "utf8"), "third line\nfourth\n");
  assert.equal(readFileSync(`${file}.1`, "utf8"), "first line\nsecond\n");
  assert.equal(statSync(file).mode & 0o077, 0);
  createLogFile(file, 20)("a line longer than the limit");
  assert.equal(readFileSync(`${file}.1`, "utf8"), "third line\nfourth\n");
});

test("an entry without fields is its words alone", () => {
  assert.match(writeOne({}), /Z info request$/);
});
