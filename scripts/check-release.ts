/**
 * Looks at every archive of `dist/release`: its sum, its files, and what can be known of its executable without running
 * it.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "./release/inspect.ts";
import { NAME, RELEASE, TARGETS, toArchive, toExecutable } from "./release/targets.ts";

const bundle = readFileSync(`dist/${NAME}.cjs`);
const sums = new Map(
  readFileSync(join(RELEASE, "SHA256SUMS"), "utf8")
    .trim()
    .split("\n")
    .map((line) => [line.slice(66), line.slice(0, 64)]),
);

function check(target: string): string[] {
  const archive = join(RELEASE, toArchive(target));
  const faults =
    createHash("sha256").update(readFileSync(archive)).digest("hex") === sums.get(toArchive(target))
      ? []
      : ["its sum is wrong"];
  const folder = mkdtempSync(join(tmpdir(), `${NAME}-check-`));
  try {
    execFileSync("tar", ["-xzf", archive, "-C", folder, toExecutable(target), "LICENSE", "LICENSE-node"]);
    return [...faults, ...inspect(target, readFileSync(join(folder, toExecutable(target))), { name: NAME, bundle })];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const target of TARGETS.filter((target) => sums.has(toArchive(target)))) {
  const faults = check(target);
  console.log(`${target}: ${faults.length === 0 ? "sound" : faults.join(", ")}`);
  if (faults.length > 0) process.exitCode = 1;
}
