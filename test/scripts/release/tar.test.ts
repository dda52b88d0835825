/** Archives: the system's tar reads them, and they depend on their contents only. */
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createArchive } from "../../../scripts/release/tar.ts";
import { createZip, readZip } from "../../../scripts/release/zip.ts";
import { hasProgram, runFile } from "../../helpers/command.ts";
import { makeFolder } from "../../helpers/folder.ts";

test("what is packed comes out again, with its mode", async (t) => {
  const folder = makeFolder(t);
  const entries = [0, 1, 511, 512, 513, 100_000].map((size) => ({
    name: `f${size}`,
    mode: size % 2 === 0 ? 0o755 : 0o644,
    bytes: Buffer.alloc(size, "x"),
  }));
  const archive = createArchive(entries);
  assert.deepEqual(createArchive(entries), archive);
  await writeFile(join(folder, "a.tar.gz"), archive);
  const { code, stderr } = await runFile(["tar", "-xzf", join(folder, "a.tar.gz"), "-C", folder]);
  assert.deepEqual([code, stderr], [0, ""]);
  for (const { name, mode, bytes } of entries) {
    assert.deepEqual(await readFile(join(folder, name)), bytes);
    assert.equal((await stat(join(folder, name))).mode & 0o777, mode);
  }
});

test("a zip holds what was packed, byte for byte, for us and for a reader of another make", async (t) => {
  const entries = [0, 1, 100_000].map((size) => ({ name: `f${size}`, mode: 0o644, bytes: Buffer.alloc(size, "xyz") }));
  const archive = createZip(entries);
  assert.deepEqual(createZip(entries), archive);
  for (const { name, bytes } of entries) assert.deepEqual(readZip(archive, name), bytes);
  assert.throws(() => readZip(archive, "g"), /Cannot read g: it is not in the archive/);
  if (!(await hasProgram("python3"))) return;
  const file = join(makeFolder(t), "a.zip");
  await writeFile(file, archive);
  const script =
    "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *[len(z.read(n)) for n in z.namelist()])";
  assert.equal((await runFile(["python3", "-c", script, file])).stdout, "None 0 1 100000\n");
});
