import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { RECIPES } from "../../src/page/recipe.ts";

const PLACE = { origin: "http://localhost:3456", key: "unused", model: "claude-sonnet-4" };

test("each recipe names the address, and the files of JSON are JSON", () => {
  assert.equal(new Set(RECIPES.map(({ name }) => name)).size, RECIPES.length);
  for (const { name, where, toText } of RECIPES) {
    const text = toText(PLACE);
    assert.match(text, /:3456/, name);
    assert.notEqual(where, "");
    if (where.endsWith(".json")) assert.doesNotThrow(() => JSON.parse(text), name);
  }
});

test("what is for a terminal is a shell's language", () => {
  for (const { name, where, toText } of RECIPES) {
    if (!where.startsWith("In a terminal") && !where.startsWith("For every program")) continue;
    assert.equal(spawnSync("sh", ["-n"], { input: toText(PLACE) }).status, 0, name);
  }
});
