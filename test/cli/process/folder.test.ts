/** Working directories: turns without file tools run where no project is, and a named session never moves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_FOLDER, toWorkingFolder } from "../../../src/cli/process/folder.ts";

const FOLDERS = { workspace: "/w", empty: `/s/${EMPTY_FOLDER}` };

test("only file tools are given the workspace", () => {
  for (const tools of ["none", "search", "web"] as const)
    assert.equal(toWorkingFolder({ tools }, FOLDERS), FOLDERS.empty);
  for (const tools of ["workspace", "full"] as const) assert.equal(toWorkingFolder({ tools }, FOLDERS), "/w", tools);
  const session = { type: "replay", file: "/f", lastUuid: "u" } as const;
  assert.equal(toWorkingFolder({ tools: "none", session }, FOLDERS), FOLDERS.empty);
});

test("a named session keeps its directory, whatever its tools", () => {
  for (const tools of ["none", "full"] as const) {
    assert.equal(toWorkingFolder({ tools, session: { type: "begin", id: "i" } }, FOLDERS), "/w");
    assert.equal(toWorkingFolder({ tools, session: { type: "resume", id: "i", lastUuid: "u" } }, FOLDERS), "/w");
  }
});
