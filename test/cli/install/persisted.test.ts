/** Sessions that the CLI persists, as files of its own: the note of where one goes on, and their deletion. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { deleteSession, hasEntry, noteLastEntry, toConfigFolder } from "../../../src/cli/install/persisted.ts";
import { makeFolder } from "../../helpers/folder.ts";

const ID = "8eabe353-8489-461d-b561-7776dd6f545f";
const UUID = "e2f34ea6-9c69-4f67-bf5b-2fcfbb18368e";
const NOTE = `{"type":"last-prompt","leafUuid":"${UUID}","sessionId":"${ID}"}\n`;

/** Writes a transcript into the project folder of this name. */
function writeTranscript(folder: string, project: string, text: string): string {
  mkdirSync(join(folder, "projects", project), { recursive: true });
  const file = join(folder, "projects", project, `${ID}.jsonl`);
  writeFileSync(file, text);
  return file;
}

test("the CLI's folder is the one that its variable names, else the home's", () => {
  assert.equal(toConfigFolder({ CLAUDE_CONFIG_DIR: "/a", HOME: "/b" }, "/c"), "/a");
  assert.equal(toConfigFolder({ CLAUDE_CONFIG_DIR: "", HOME: "/b" }, "/c"), join("/b", ".claude"));
  assert.equal(toConfigFolder({}, "/c"), join("/c", ".claude"));
});

test("the note of the last entry is a line of its own at the end, also after a line that was cut", async (t) => {
  const folder = makeFolder(t);
  const texts = { whole: '{"a":1}\n', cut: '{"a":1}\n{"b":"gr', empty: "" };
  const files = Object.entries(texts).map(([project, text]) => [writeTranscript(folder, project, text), text] as const);
  await noteLastEntry(folder, ID, UUID);
  for (const [file, text] of files)
    assert.equal(readFileSync(file, "utf8"), `${text}${text === texts.cut ? "\n" : ""}${NOTE}`);
});

test("an entry is there in a transcript of any workspace; the note of one is none", async (t) => {
  const folder = makeFolder(t);
  assert.equal(await hasEntry(folder, ID, UUID), false);
  writeTranscript(folder, "a", NOTE);
  assert.equal(await hasEntry(folder, ID, UUID), false);
  writeTranscript(folder, "b", `${JSON.stringify({ type: "assistant", uuid: UUID, sessionId: ID })}\n${NOTE}`);
  assert.equal(await hasEntry(folder, ID, UUID), true);
  assert.equal(await hasEntry(folder, "../other", UUID), false);
});

test("nothing is made where there is no transcript", async (t) => {
  const folder = makeFolder(t);
  await noteLastEntry(folder, ID, UUID);
  mkdirSync(join(folder, "projects", "other"), { recursive: true });
  await noteLastEntry(folder, ID, UUID);
  await noteLastEntry(folder, "../other", UUID);
  assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), ["projects", join("projects", "other")]);
});

test("a session is deleted in every workspace, and no other file", async (t) => {
  const folder = makeFolder(t);
  const files = ["a", "b"].map((project) => writeTranscript(folder, project, ""));
  mkdirSync(join(folder, "projects", "a", ID));
  const other = join(folder, "projects", "a", "other.jsonl");
  writeFileSync(other, "");
  await deleteSession(folder, "other");
  await deleteSession(folder, ID);
  assert.deepEqual(files.map(existsSync), [false, false]);
  assert.deepEqual(readdirSync(join(folder, "projects", "a")), ["other.jsonl"]);
});
