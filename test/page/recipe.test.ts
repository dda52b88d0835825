/** The page's settings for clients, made from the table. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";
import { RECIPES } from "../../src/page/recipe.ts";

const ORIGIN = "http://localhost:3456";

test("each recipe names the address, and each file is what its ending says", () => {
  assert.equal(new Set(RECIPES.map(({ name }) => name)).size, RECIPES.length);
  for (const { name, where, toText } of RECIPES) {
    const text = toText(ORIGIN, "unused");
    assert.match(text, /:3456|app:\/\/obsidian/, name);
    assert.notEqual(where, "");
    if (where.endsWith(".json")) assert.doesNotThrow(() => JSON.parse(text), name);
    if (where.endsWith(".toml")) assert.doesNotThrow(() => parseToml(text), name);
    if (/\.ya?ml$/.test(where)) assert.doesNotThrow(() => parseYaml(text) as unknown, name);
  }
});

test("a text for a terminal is a shell's language", () => {
  const typed = RECIPES.filter(({ where }) => /^(?:In a terminal|For every program|Variables)/.test(where));
  assert.ok(typed.length >= 5, `${typed.length} texts`);
  for (const { name, toText } of typed) {
    assert.equal(spawnSync("sh", ["-n"], { input: toText(ORIGIN, "unused") }).status, 0, name);
  }
});
