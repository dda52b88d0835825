/** Histories as the CLI's own transcripts: the chain of entries, who can read them, and that they go away. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { sweepTranscripts, writeTranscript } from "../../src/cli/transcript.ts";
import type { Message } from "../../src/core/turn.ts";

const HISTORY: readonly Message[] = [
  { role: "user", content: [{ type: "text", text: "hi\n\u2028👩‍👩‍👧" }] },
  {
    role: "assistant",
    content: [
      { type: "text", text: "a" },
      { type: "call", id: "c1", name: "f", input: { x: 1 } },
    ],
  },
  { role: "user", content: [{ type: "result", id: "c1", content: [{ type: "text", text: "r" }], isError: false }] },
  { role: "assistant", content: [{ type: "text", text: "b" }] },
];

interface Entry {
  readonly parentUuid: string | null;
  readonly uuid: string;
  readonly type: string;
  readonly sessionId: string;
  readonly timestamp: string;
  readonly isSidechain: boolean;
  readonly message: Readonly<Record<string, unknown>>;
}

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "transcript-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function readEntries(file: string): Promise<Entry[]> {
  const text = await readFile(file, "utf8");
  assert.ok(text.endsWith("\n"));
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as Entry);
}

test("each entry points to the one before, and the last is named", async (t) => {
  const { file, lastUuid } = await writeTranscript(await makeFolder(t), HISTORY, "opus");
  const entries = await readEntries(file);
  assert.deepEqual(
    entries.map(({ parentUuid }) => parentUuid),
    [null, ...entries.slice(0, -1).map(({ uuid }) => uuid)],
  );
  assert.equal(lastUuid, entries.at(-1)?.uuid);
  assert.equal(new Set(entries.map(({ uuid }) => uuid)).size, 4);
  assert.equal(new Set(entries.map(({ sessionId }) => sessionId)).size, 1);
  assert.ok(entries.every(({ isSidechain, timestamp }) => !isSidechain && !Number.isNaN(Date.parse(timestamp))));
});

test("entries hold the messages as the API takes them", async (t) => {
  const { file } = await writeTranscript(await makeFolder(t), HISTORY, "opus");
  const [asked, called, given, said] = (await readEntries(file)).map(({ message }) => message);
  assert.deepEqual(asked, { role: "user", content: "hi\n\u2028👩‍👩‍👧" });
  assert.deepEqual(given?.["content"], [
    { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "r" }] },
  ]);
  assert.deepEqual(
    [called?.["type"], called?.["model"], called?.["stop_reason"], called?.["stop_sequence"]],
    ["message", "opus", "tool_use", null],
  );
  assert.equal(said?.["stop_reason"], "end_turn");
  assert.notEqual(called?.["id"], said?.["id"]);
  assert.ok(called?.["usage"] && said?.["usage"]);
});

test("only this user can read it, and it is gone once it is removed, also twice", async (t) => {
  const folder = join(await makeFolder(t), "new", "deeper");
  const { file, remove } = await writeTranscript(folder, HISTORY, "opus");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  await remove();
  await remove();
  assert.equal(existsSync(file), false);
});

test("transcripts of one folder do not meet", async (t) => {
  const folder = await makeFolder(t);
  const files = await Promise.all(Array.from({ length: 10 }, () => writeTranscript(folder, HISTORY, "opus")));
  assert.equal(new Set(files.map(({ file }) => file)).size, 10);
  assert.equal((await readdir(folder)).length, 10);
});

test("a sweep takes what a server that is gone left behind, and nothing of one that runs", async (t) => {
  const folder = await makeFolder(t);
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const own = await writeTranscript(folder, HISTORY, "opus");
  for (const name of [`${pid}-a.jsonl`, `${pid}-b.jsonl`, "1-init.jsonl", `${pid}-notes.txt`])
    await writeFile(join(folder, name), "x");
  await sweepTranscripts(folder);
  const left = await readdir(folder);
  assert.deepEqual(left.sort(), ["1-init.jsonl", own.file.slice(folder.length + 1), `${pid}-notes.txt`].sort());
});

test("a sweep of a folder that is not there is no error", async (t) => {
  const folder = join(await makeFolder(t), "none");
  await sweepTranscripts(folder);
  assert.equal(existsSync(folder), false);
});
