/**
 * Makes a release in `dist/release`: an executable for this platform, for those named, or with `--all` for every one.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "./release/inspect.ts";
import { signMachO } from "./release/macho.ts";
import { getNode, getNodeLicense, PACKAGER_HOME, seedPackager } from "./release/node.ts";
import { createArchive } from "./release/tar.ts";
import { fillTemplate } from "./release/template.ts";
import { HOST, isMac, NAME, NODE, RELEASE, TARGETS, toArchive, toExecutable } from "./release/targets.ts";

const BUNDLE = `dist/${NAME}.cjs`;
const PACKAGER = "node_modules/@yao-pkg/pkg/lib-es5/bin.js";
// The executable holds the path of the script it was made of: a fixed one keeps builds equal, and this folder's name
// out of them.
const STAGE = process.platform === "win32" ? `C:\\Windows\\Temp\\${NAME}-stage` : `/tmp/${NAME}-stage`;

/** The executable for a target, signed where it must be. */
function createExecutable(target: string): Buffer {
  const runner = getNode(HOST);
  seedPackager(target);
  const output = join(STAGE, toExecutable(target));
  const args = [
    "--sea",
    "--no-signature",
    "-t",
    `node${NODE.version}-${target.replace("darwin", "macos")}`,
    "-o",
    output,
    join(STAGE, `${NAME}.cjs`),
  ];
  // The packager wants Node 22, and the blob must come from the very version it goes into.
  execFileSync(runner, [PACKAGER, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, HOME: PACKAGER_HOME, USERPROFILE: PACKAGER_HOME },
  });
  const image = readFileSync(output);
  rmSync(output);
  return isMac(target) ? signMachO(image, NAME) : image;
}

/** Packs a target's executable with the licenses. @returns its line in SHA256SUMS. */
function createRelease(target: string): string {
  const image = createExecutable(target);
  const faults = inspect(target, image, { name: NAME, bundle: readFileSync(BUNDLE) });
  if (faults.length > 0) throw new Error(`Cannot release ${target}: ${faults.join(", ")}`);
  const archive = createArchive([
    { name: toExecutable(target), mode: 0o755, bytes: image },
    { name: "LICENSE", mode: 0o644, bytes: readFileSync("LICENSE") },
    { name: "LICENSE-node", mode: 0o644, bytes: readFileSync(getNodeLicense()) },
  ]);
  writeFileSync(join(RELEASE, toArchive(target)), archive);
  const sum = createHash("sha256").update(archive).digest("hex");
  console.log(
    `${toArchive(target)}: ${(image.length / 1e6).toFixed(1)} MB, packed ${(archive.length / 1e6).toFixed(1)} MB`,
  );
  return `${sum}  ${toArchive(target)}`;
}

function main(args: readonly string[]): void {
  const targets = args.includes("--all") ? TARGETS : args.length > 0 ? args : [HOST];
  rmSync(RELEASE, { recursive: true, force: true });
  rmSync(STAGE, { recursive: true, force: true });
  mkdirSync(RELEASE, { recursive: true });
  mkdirSync(STAGE, { mode: 0o700 });
  copyFileSync(BUNDLE, join(STAGE, `${NAME}.cjs`));
  const sums = targets.map(createRelease);
  rmSync(STAGE, { recursive: true });
  writeFileSync(join(RELEASE, "SHA256SUMS"), `${sums.join("\n")}\n`);
  writeFileSync(join(RELEASE, "install.sh"), fillTemplate("install.sh"), { mode: 0o755 });
  if (targets.length < TARGETS.length) return;
  const byTarget = Object.fromEntries(targets.map((target, index) => [target, sums[index]?.slice(0, 64) ?? ""]));
  writeFileSync(join(RELEASE, `${NAME}.rb`), fillTemplate("formula.rb", byTarget));
}

main(process.argv.slice(2));
