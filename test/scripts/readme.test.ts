/** The parts of the README and of the page of recipes that are made: from the rows of the program, and from results. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isGood, readResults } from "../../scripts/clients/results.ts";
import type { Result } from "../../scripts/clients/results.ts";
import { CLIENTS } from "../../scripts/clients/table.ts";
import { formatRecipes, RECIPES_FILE, updateReadme } from "../../scripts/readme.ts";

test("the README's table of options and its marks of clients are those that `npm run readme` makes", () => {
  const readme = readFileSync("README.md", "utf8");
  assert.equal(readme, updateReadme(readme));
});

test("the page of recipes is the one that `npm run readme` makes", () => {
  assert.equal(readFileSync(RECIPES_FILE, "utf8"), formatRecipes());
});

const RESULT: Result = {
  ...{ client: "OpenAI SDK", id: "openai-sdk", version: "1.0.0", protocol: "chat" },
  ...{ result: "passed", starts: ["spare", "hot", "hot"], date: "2026-01-01" },
};

test("a client is marked as run when all of its results are passed, and else as documented", () => {
  const readme = readFileSync("README.md", "utf8");
  const failed = { ...RESULT, protocol: "responses", result: "wrote no file" };
  const mark = (results: readonly Result[]): string =>
    /^\*\*OpenAI SDK for JavaScript\*\* \((\w+)\)/m.exec(updateReadme(readme, results))?.[1] ?? "";
  assert.equal(mark([RESULT]), "run");
  assert.equal(mark([RESULT, failed]), "documented");
  assert.equal(mark([]), "documented");
  assert.match(formatRecipes([RESULT, failed]), /^## OpenAI SDK \(documented\)/m);
  assert.match(formatRecipes([RESULT]), /^\| OpenAI SDK 1\.0\.0 \| chat \| passed \| spare, hot × 2 \|$/m);
});

test("a result is good when each turn from the second on was hot or foretold, or its exception says from which", () => {
  const cold = { ...RESULT, starts: ["spare", "hot", "waiting", "forecast"] };
  assert.ok(isGood(RESULT));
  assert.ok(!isGood(cold));
  assert.ok(isGood({ ...cold, exception: { from: 4, why: "it rewrites its history" } }));
  assert.ok(!isGood({ ...cold, exception: { from: 3, why: "it rewrites its history" } }));
  assert.ok(isGood({ ...cold, exception: { why: "it has no history" } }));
  assert.ok(!isGood({ ...RESULT, result: "wrote no file" }));
});

test("every client has a result with each of its protocols, at its pinned version, and all are good", () => {
  const results = readResults();
  assert.deepEqual(
    results.map(({ client, protocol, exception }) => ({ client, protocol, exception })),
    CLIENTS.map(({ name, protocol, exception }) => ({ client: name, protocol, exception })),
  );
  for (const [
    at,
    {
      name,
      packages: [first],
    },
  ] of CLIENTS.entries())
    if (first !== undefined) assert.ok(first.endsWith(`@${results[at]?.version}`), name);
  assert.deepEqual(
    results.filter((result) => !isGood(result)),
    [],
  );
});

test("no exception excuses a turn more than it has to", () => {
  const hasOneLess = (result: Result): boolean => {
    const { from = result.starts.length + 1, why = "" } = result.exception ?? {};
    return result.exception !== undefined && isGood({ ...result, exception: { from: from - 1, why } });
  };
  assert.deepEqual(readResults().filter(hasOneLess), []);
});
