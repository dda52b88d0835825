/** The CLI's notes: read from its mirror of the transcript, kept, and given with today's date. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { toNotes } from "../../../src/cli/install/learn.ts";
import { createNotes } from "../../../src/cli/install/notes.ts";
import type { Notes, NotesOptions } from "../../../src/cli/install/notes.ts";
import { createLog } from "../../../src/lib/log.ts";
import { isRunning } from "../../helpers/processes.ts";
import { eventually, FAKE_CLI } from "../../helpers/proxy.ts";

const SOURCE = { path: FAKE_CLI, version: "2.1.330", workingFolder: "/" };

function make(folder: string, environment: NodeJS.ProcessEnv = {}, rest: Partial<NotesOptions> = {}): Notes {
  return createNotes({
    folder: join(folder, "notes"),
    temporaryFolder: join(folder, "tmp"),
    environment: { PATH: process.env["PATH"], ...environment },
    enter: () => Promise.resolve(() => undefined),
    log: createLog("error"),
    ...rest,
  });
}

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "claude-max-api-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

test("notes are the attachments of their kinds in a mirrored line, in order", () => {
  const entry = (type: string): object => ({ type: "attachment", attachment: { type } });
  const entries = [{ type: "user", message: {} }, entry("environment"), entry("prompt_snapshot"), entry("date")];
  assert.deepEqual(toNotes(JSON.stringify({ type: "transcript_mirror", entries })), [
    { type: "environment" },
    { type: "date" },
  ]);
  for (const line of ["", "{", '{"type":"transcript_mirror"}', JSON.stringify({ type: "other", entries: [] })])
    assert.deepEqual(toNotes(line), []);
});

test("nothing is learned for a family's name or another provider's login", async (t) => {
  const folder = makeFolder(t);
  for (const [notes, id] of [
    [make(folder), "sonnet"],
    [make(folder, { CLAUDE_CODE_USE_BEDROCK: "1" }), "claude-sonnet-5-5"],
  ] as const) {
    assert.deepEqual(await notes.read(SOURCE, id), []);
    await notes.close();
  }
  assert.deepEqual(readdirSync(folder), []);
});

test("what was learned is given with today's date", async (t) => {
  const folder = makeFolder(t);
  const kinds = ["environment", "model", "session_context", "date"];
  const entries = kinds.map((type) => ({ type: "attachment", attachment: { type, date: "2001-02-03" } }));
  const cli = join(folder, "cli");
  writeFileSync(cli, `#!/bin/sh\necho '${JSON.stringify({ type: "transcript_mirror", entries })}'\n`, { mode: 0o755 });
  const notes = make(folder, {}, { restMs: 1 });
  t.after(notes.close);
  const source = { ...SOURCE, path: cli };
  await eventually(
    "it is learned",
    async () => (await notes.read(source, "claude-sonnet-5-5")).length === kinds.length,
  );
  // Swedish writes dates as ISO 8601 does, and in the zone of the machine. The day may end meanwhile.
  const readDay = (): string => new Date().toLocaleDateString("sv");
  const before = readDay();
  const [date, ...others] = (await notes.read(source, "claude-sonnet-5-5")).toReversed();
  assert.deepEqual([date?.["type"], [before, readDay()].includes(String(date?.["date"]))], ["date", true]);
  assert.deepEqual([...new Set(others.map((note) => note["date"]))], ["2001-02-03"]);
});

test("a failure to learn is tried again, three times in all", async (t) => {
  let count = 0;
  const enter = (): Promise<never> => {
    count++;
    return Promise.reject(new Error("no place"));
  };
  const notes = make(makeFolder(t), {}, { restMs: 1, enter });
  t.after(notes.close);
  const untilTried = (model: string, times: number): Promise<void> =>
    eventually(`${model} is tried`, async () => {
      await notes.read(SOURCE, model);
      return count >= times;
    });
  await untilTried("claude-sonnet-5-5", 3);
  await notes.read(SOURCE, "claude-sonnet-5-5");
  await untilTried("claude-opus-5-5", 6);
  assert.equal(count, 6);
});

test("a CLI that is being asked is ended with the server, and leaves nothing", async (t) => {
  const folder = makeFolder(t);
  const file = join(makeFolder(t), "pids");
  const notes = make(folder, { FAKE_CLI: "silent", FAKE_CLI_PIDS: file }, { restMs: 1 });
  t.after(notes.close);
  assert.deepEqual(await notes.read(SOURCE, "claude-sonnet-5-5"), []);
  await eventually("it is asked", () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"));
  const pid = Number(readFileSync(file, "utf8"));
  t.after(() => void (isRunning(pid) && process.kill(pid, "SIGKILL")));
  await notes.close();
  assert.equal(isRunning(pid), false);
  assert.deepEqual([readdirSync(folder), readdirSync(join(folder, "tmp"))], [["tmp"], []]);
});

test("notes are learned at rest: a turn ends the process that is asked, and the next rest tries again", async (t) => {
  const folder = makeFolder(t);
  const file = join(folder, "pids");
  writeFileSync(file, "");
  const readPids = (): number[] => readFileSync(file, "utf8").trim().split("\n").filter(Boolean).map(Number);
  let inside = 0;
  let hasEnteredBusy = false;
  let isBusy = true;
  const enter = (): Promise<() => void> => {
    inside++;
    hasEnteredBusy ||= isBusy;
    return Promise.resolve(() => void inside--);
  };
  const notes = make(folder, { FAKE_CLI: "silent", FAKE_CLI_PIDS: file }, { enter, restMs: 50 });
  t.after(notes.close);
  const setBusy = (next: boolean): void => notes.setBusy((isBusy = next));
  setBusy(true);
  assert.deepEqual(await notes.read(SOURCE, "claude-sonnet-5-5"), []);
  for (const count of [1, 2]) {
    setBusy(false);
    await eventually(`process ${count} is asked`, () => readPids().length === count);
    assert.equal(inside, 1, "it has a place among the processes");
    setBusy(true);
    await eventually("it is gone", () => inside === 0);
    assert.ok(!isRunning(readPids().at(-1) ?? 0));
  }
  assert.ok(!hasEnteredBusy);
});
