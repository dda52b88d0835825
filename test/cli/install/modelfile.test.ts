/** The file of models: private, exact over restarts, and set aside when it is damaged. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decodeModels, keepModels } from "../../../src/cli/install/modelfile.ts";
import { createLog } from "../../../src/lib/log.ts";
import { makeFolder } from "../../helpers/folder.ts";

const NONE = new Map<string, string>();
const LIMITS = { "claude-opus-5-5": { contextTokens: 1_000_000, outputTokens: 128_000 } };
const CATALOGUE = [{ value: "opus", id: "claude-opus-5-5", name: "Opus 5.5", hasFastMode: true }] as const;

test("models outlive a restart, in a private file", async (t) => {
  const file = join(makeFolder(t), "state/models.json");
  const log = createLog("warn", (line) => assert.fail(line));
  const first = await keepModels(NONE, file, log);
  first.models.setCatalogue(CATALOGUE);
  first.models.setLimits(LIMITS);
  await first.close();
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const next = await keepModels(NONE, file, log);
  const shown = next.models.list().find(({ id }) => id === "claude-opus-4");
  assert.equal(next.models.hasFastMode("opus"), true);
  assert.deepEqual(shown, { id: "claude-opus-4", name: "claude-opus-5-5", limits: LIMITS["claude-opus-5-5"] });
});

test("a damaged file is set aside, and a new one takes its place", async (t) => {
  const file = join(makeFolder(t), "models.json");
  writeFileSync(file, '{"catalogue":[{"value":1}],"limits":{}}');
  const warnings: string[] = [];
  const { models, close } = await keepModels(
    NONE,
    file,
    createLog("warn", (line) => warnings.push(line)),
  );
  assert.equal(existsSync(file), false);
  assert.match(readFileSync(`${file}.damaged`, "utf8"), /"value":1/);
  assert.equal(warnings.length, 1);
  models.setLimits(LIMITS);
  await close();
  assert.deepEqual(decodeModels(readFileSync(file, "utf8")), { catalogue: [], limits: LIMITS });
});

test("a file with one wrong entry, of a model or of its limits, is damaged", () => {
  const [entry] = CATALOGUE;
  const read = (catalogue: readonly object[], limits: object) => decodeModels(JSON.stringify({ catalogue, limits }));
  assert.deepEqual(read(CATALOGUE, LIMITS), { catalogue: CATALOGUE, limits: LIMITS });
  for (const name of ["value", "id", "name"])
    assert.equal(read([entry, { ...entry, [name]: 1 }], LIMITS), undefined, name);
  for (const name of ["contextTokens", "outputTokens"])
    assert.equal(read([], { a: { ...LIMITS["claude-opus-5-5"], [name]: "1" } }), undefined, name);
});

test("without a file nothing is kept", async (t) => {
  const [folder, cwd] = [makeFolder(t), process.cwd()];
  t.after(() => process.chdir(cwd));
  process.chdir(folder);
  const open = () =>
    keepModels(
      NONE,
      undefined,
      createLog("warn", (line) => assert.fail(line)),
    );
  const { models, close } = await open();
  models.setLimits(LIMITS);
  await close();
  assert.deepEqual(readdirSync(folder), []);
  assert.deepEqual(models.findLimits("claude-opus-5-5"), LIMITS["claude-opus-5-5"]);
  assert.equal((await open()).models.findLimits("claude-opus-5-5"), undefined);
});
