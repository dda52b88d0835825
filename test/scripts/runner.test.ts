/** The test runner itself: the files it chooses, and test files that fail, hang, crash and leave processes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { compile } from "../../scripts/test/compile.ts";
import { LOADED, runBatch } from "../../scripts/test/batch.ts";
import type { Batch, BatchResult } from "../../scripts/test/batch.ts";
import { findTests, select, SelectionError, toBatches } from "../../scripts/test/selection.ts";
import { pickWhole, toQueue } from "../../scripts/test/times.ts";
import { formatBatch, formatSums, isGood } from "../../scripts/test/summary.ts";
import { makeFolder } from "../helpers/folder.ts";
import { isRunning, LINUX_ONLY } from "../helpers/processes.ts";

const PATHS = [
  "test/codec/chat/decode.test.ts",
  "test/e2e/chat.test.ts",
  "test/e2e/text.test.ts",
  "test/house.test.ts",
];
const choose = (...argv: readonly string[]): readonly string[] => select(argv, PATHS).files;

test("without arguments all files run; tiers and words choose among them", () => {
  assert.deepEqual(choose(), PATHS);
  assert.deepEqual(choose("--unit", "--e2e"), PATHS);
  assert.deepEqual(choose("--unit"), [PATHS[0], PATHS[3]]);
  assert.deepEqual(choose("--e2e"), [PATHS[1], PATHS[2]]);
  assert.deepEqual(choose("chat"), [PATHS[0], PATHS[1]]);
  assert.deepEqual(choose("--e2e", "chat"), [PATHS[1]]);
  assert.deepEqual(choose("house", "e2e/text"), [PATHS[2], PATHS[3]]);
});

const REFUSED: readonly (readonly [argv: string[], words: RegExp])[] = [
  [["nonsense"], /^Cannot run tests: no file has "nonsense" in its path$/],
  [["chat", "nonsense"], /"nonsense"/],
  [["--unit", "e2e/text"], /"e2e\/text"/],
  [["--jobs", "none"], /--jobs none/],
  [["--fast"], /--fast/],
];
for (const [argv, words] of REFUSED) {
  test(`"${argv.join(" ")}" is refused: nothing runs`, () => {
    assert.throws(
      () => choose(...argv),
      (error: unknown) => error instanceof SelectionError && words.test(error.message),
    );
  });
}

test("a checkout that has run nothing knows what takes longest, and all of it is there", () => {
  const times = JSON.parse(readFileSync("test/times.json", "utf8")) as Record<string, [number, number]>;
  const names = toBatches(findTests()).map(({ name }) => name);
  assert.deepEqual(
    Object.keys(times).filter((name) => !names.includes(name)),
    [],
  );
  const seconds = Object.values(times).map(([taken]) => taken);
  assert.deepEqual(
    seconds,
    [...seconds].sort((one, other) => other - one),
  );
  assert.ok(seconds.every((taken) => taken >= 10));
});

test("the longest begin first, and those that wait have places of their own", () => {
  const names = ["new", "short", "wait", "long", "wait long"];
  const times = { short: [20, 15], wait: [30, 5], long: [60, 40], "wait long": [70, 5] } as const;
  const start = () =>
    toQueue(
      names.map((name) => ({ name, files: [name] })),
      times,
    );
  const drain = (take: () => Batch | undefined): string[] => {
    const taken: string[] = [];
    for (let batch = take(); batch; batch = take()) taken.push(batch.name);
    return taken;
  };
  const queue = start();
  assert.deepEqual(drain(queue.takeWaiting), ["wait long", "wait"]);
  assert.deepEqual(drain(queue.takeNext), ["long", "short", "new"]);
  assert.deepEqual(drain(start().takeNext), ["long", "short", "new", "wait long", "wait"]);
});

test("a part of a folder's unit tests says nothing of the folder's time", () => {
  const all = toBatches(["test/cli/a.test.ts", ...PATHS]);
  const ran = toBatches(["test/cli/a.test.ts", "test/e2e/chat.test.ts", "test/house.test.ts"]);
  assert.deepEqual(pickWhole(ran, all), ran);
  assert.deepEqual(pickWhole(ran, toBatches(["test/cli/b.test.ts", "test/cli/a.test.ts", ...PATHS])), ran.slice(1));
});

test("fixtures and helpers are no tests", () => {
  const found = findTests();
  assert.ok(found.includes("test/scripts/runner.test.ts"));
  assert.deepEqual(
    found.filter((path) => /fixtures|helpers/.test(path)),
    [],
  );
});

test("an end-to-end file has a process of its own, the unit tests of a folder share one", () => {
  assert.deepEqual(toBatches(["test/cli/a.test.ts", "test/cli/b/c.test.ts", ...PATHS]), [
    { name: "test/cli", files: ["test/cli/a.test.ts", "test/cli/b/c.test.ts"] },
    { name: "test/codec", files: ["test/codec/chat/decode.test.ts"] },
    { name: "test/e2e/chat.test.ts", files: ["test/e2e/chat.test.ts"] },
    { name: "test/e2e/text.test.ts", files: ["test/e2e/text.test.ts"] },
    { name: "test", files: ["test/house.test.ts"] },
  ]);
});

test("unit tests, which share a process, have no hooks for all of it", () => {
  const { files } = select(["--unit"], findTests());
  const isHook = (line: string): boolean => /^(?:before|after)(?:Each)?\(/.test(line);
  assert.deepEqual(
    files.filter((path) => readFileSync(path, "utf8").split("\n").some(isHook)),
    [],
  );
});

const FIXTURES = ["mixed", "stuck", "left", "crash", "hung"].map((name) => `test/fixtures/tests/${name}.ts`);

/** Runs the fixtures named as one batch. */
async function run(t: TestContext, names: string | readonly string[], limits: object = {}): Promise<BatchResult> {
  const root = makeFolder(t);
  const compiled = join(root, "compiled");
  await compile([...FIXTURES, ...LOADED], compiled);
  const files = [names].flat().map((name) => `test/fixtures/tests/${name}.ts`);
  return runBatch({ name: "test/fixtures/tests", files }, { root, compiled, ...limits });
}

test("failed tests are told with their difference and what the file printed, skipped ones with their reason", async (t) => {
  const result = await run(t, "mixed");
  assert.equal(isGood(result), false);
  assert.deepEqual(
    result.tests.map(({ name, status, nesting }) => [name, status, nesting]),
    [
      ["fails", "failed", 0],
      ["is skipped", "skipped", 0],
      ["passes", "passed", 0],
      ["the part fails", "failed", 1],
      ["has a part", "failed", 0],
    ],
  );
  const text = formatBatch(result);
  for (const part of ["not ok test/fixtures/tests/mixed.ts: fails", "+   one: 1", "needs a moon", "said by a test"])
    assert.ok(text.includes(part), `${part} in ${text}`);
  assert.match(formatSums([result], 0), /^1 passed, 2 failed, 1 skipped$/m);
});

test("each test of a batch is told with its file, and all files are loaded before the first begins", async (t) => {
  const { tests, faults } = await run(t, ["mixed", "stuck"], { limitMs: 500 });
  assert.deepEqual(
    tests.map(({ file, name }) => [file.split("/").at(-1), name]),
    [
      ["mixed.ts", "fails"],
      ["mixed.ts", "is skipped"],
      ["mixed.ts", "passes"],
      ["mixed.ts", "the part fails"],
      ["mixed.ts", "has a part"],
      ["stuck.ts", "hangs"],
      ["stuck.ts", "passes"],
    ],
  );
  assert.deepEqual(faults, []);
  const crashed = await run(t, ["mixed", "crash"]);
  assert.deepEqual([crashed.tests, crashed.faults], [[], ["exited with code 3"]]);
});

test("a test that takes too long fails, its processes end, and the next test runs", async (t) => {
  const result = await run(t, "stuck", { limitMs: 500 });
  assert.deepEqual(
    result.tests.map(({ name, status }) => [name, status]),
    [
      ["hangs", "failed"],
      ["passes", "passed"],
    ],
  );
  assert.match(result.tests[0]?.why ?? "", /timed out after 500ms/);
  assert.deepEqual(result.faults, []);
});

test("a file that leaves a process running has failed, and the process is killed", LINUX_ONLY, async (t) => {
  const result = await run(t, "left", { survivalMs: 200 });
  assert.equal(isGood(result), false);
  const pid = Number(/^left process (\d+) running: sleep 600/.exec(result.faults.join())?.[1]);
  assert.ok(pid > 0, result.faults.join());
  assert.equal(isRunning(pid), false);
});

test("a file that crashes, and one that hangs outside of its tests, have failed", async (t) => {
  assert.deepEqual((await run(t, "crash")).faults, ["exited with code 3"]);
  assert.deepEqual((await run(t, "hung", { silenceMs: 500 })).faults, ["hung: no test ended for 0.5 s"]);
});
