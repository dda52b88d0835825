/**
 * Looks at every archive of `dist/release`: its sum, its files, and what can be known of its executable without running
 * it.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { inspect } from "./release/inspect.ts";
import { checkManifests } from "./release/schema.ts";
import { ANYWHERE, isWindows, NAME, RELEASE, TARGETS, toArchive, toExecutable, VERSION } from "./release/targets.ts";
import { readZip } from "./release/zip.ts";

const sums = new Map(
  readFileSync(join(RELEASE, "SHA256SUMS"), "utf8")
    .trim()
    .split("\n")
    .map((line) => [line.slice(66), line.slice(0, 64)]),
);

/** A file of a target's archive. @throws Error when it is not there. */
function read(target: string, name: string): Buffer {
  const archive = join(RELEASE, toArchive(target));
  if (isWindows(target)) return readZip(readFileSync(archive), name);
  return execFileSync("tar", ["-xzOf", archive, name], { maxBuffer: 2 ** 30 });
}

/** The program that every executable holds. Not `dist`'s: a test beside this one may build that anew. */
const bundle = read(ANYWHERE, NAME);

/** Runs the bundle as it was packed. */
function checkBundle(): string[] {
  const folder = mkdtempSync(join(tmpdir(), `${NAME}-release-`));
  const file = join(folder, `${NAME}.cjs`);
  writeFileSync(file, bundle);
  const { stdout } = spawnSync(process.execPath, [file, "--version"], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return stdout.trim() === VERSION ? [] : [`it tells version ${stdout.trim() || "none"}`];
}

function check(target: string): string[] {
  const sum = createHash("sha256")
    .update(readFileSync(join(RELEASE, toArchive(target))))
    .digest("hex");
  const image = read(target, toExecutable(target));
  const isSame = read(target, "LICENSE").equals(readFileSync("LICENSE"));
  return [
    ...(sum === sums.get(toArchive(target)) ? [] : ["its sum is wrong"]),
    ...(isSame ? [] : ["its license is not ours"]),
    ...(target === ANYWHERE || read(target, "LICENSE-node").length > 0 ? [] : ["Node's license is empty"]),
    ...(target === ANYWHERE ? checkBundle() : inspect(target, image, { name: NAME, version: VERSION, bundle })),
  ];
}

for (const target of [...TARGETS, ANYWHERE].filter((target) => sums.has(toArchive(target)))) {
  const faults = check(target);
  console.log(`${target}: ${faults.length === 0 ? "sound" : faults.join(", ")}`);
  if (faults.length > 0) process.exitCode = 1;
}

const schemas = process.argv[process.argv.indexOf("--schemas") + 1];
if (process.argv.includes("--schemas") && schemas !== undefined) {
  const byTarget = Object.fromEntries(TARGETS.map((target) => [target, sums.get(toArchive(target)) ?? ""]));
  const faults = checkManifests(byTarget, schemas, stringify);
  console.log(`manifests: ${faults.length === 0 ? "sound" : faults.join(", ")}`);
  if (faults.length > 0) process.exitCode = 1;
}
