/** The CLI's notes: read from its mirror of the transcript, kept, and given with today's date. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createNotes, toNotes } from "../../../src/cli/install/notes.ts";
import type { Notes } from "../../../src/cli/install/notes.ts";
import { createLog } from "../../../src/lib/log.ts";
import { FAKE_CLI } from "../../helpers/proxy.ts";

const SOURCE = { path: FAKE_CLI, version: "2.1.330", workingFolder: "/" };

function make(folder: string, environment: NodeJS.ProcessEnv = {}): Notes {
  return createNotes({
    folder: join(folder, "notes"),
    temporaryFolder: join(folder, "tmp"),
    environment: { PATH: process.env["PATH"], ...environment },
    log: createLog("error"),
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

test("a CLI that is being asked is ended with the server, and leaves nothing", async (t) => {
  const folder = makeFolder(t);
  const notes = make(folder);
  assert.deepEqual(await notes.read(SOURCE, "claude-sonnet-5-5"), []);
  await notes.close();
  assert.deepEqual(readdirSync(folder), []);
});
