/** The README's table of options, which is made from the rows of the program. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { formatRecipes, RECIPES_FILE, updateReadme } from "../../scripts/readme.ts";

test("the README's table of options is the one that `npm run readme` makes", () => {
  const readme = readFileSync("README.md", "utf8");
  assert.equal(readme, updateReadme(readme));
});

test("the page of recipes is the one that `npm run readme` makes", () => {
  assert.equal(readFileSync(RECIPES_FILE, "utf8"), formatRecipes());
});
