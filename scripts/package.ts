/**
 * Makes a release in `dist/release`: an executable for this platform, for those named, or with `--all` for every one.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { inspect } from "./release/inspect.ts";
import { signMachO } from "./release/macho.ts";
import { toManifestFiles } from "./release/manifest.ts";
import { getNode, getNodeLicense, PACKAGER_HOME, seedPackager } from "./release/node.ts";
import { brandPe } from "./release/pe.ts";
import { createArchive } from "./release/tar.ts";
import type { TarEntry } from "./release/tar.ts";
import {
  ANYWHERE,
  DESCRIPTION,
  HOST,
  isMac,
  isWindows,
  NAME,
  NODE,
  RELEASE,
  TARGETS,
  toArchive,
  toExecutable,
  VERSION,
} from "./release/targets.ts";
import { fillTemplate } from "./release/template.ts";
import { createZip } from "./release/zip.ts";

const BUNDLE = `dist/${NAME}.cjs`;
const COPYRIGHT = "MIT license. Contains Node.js, Copyright Node.js contributors; see LICENSE-node";
const PACKAGER = "node_modules/@yao-pkg/pkg/lib-es5/bin.js";
// The executable holds the path of the script it was made of: a fixed one keeps builds equal, and this folder's name
// out of them.
const STAGE = process.platform === "win32" ? `C:\\Windows\\Temp\\${NAME}-stage` : `/tmp/${NAME}-stage`;

/** Read once: a build that goes on beside this one changes nothing here. */
const bundle = readFileSync(BUNDLE);

/** Gives an executable the name it has in its system, and the signature that the system asks for. */
function finish(target: string, image: Buffer): Buffer {
  if (isMac(target)) return signMachO(image, NAME);
  if (!isWindows(target)) return image;
  return brandPe(image, { name: NAME, version: VERSION, description: DESCRIPTION, copyright: COPYRIGHT });
}

/** The executable for a target. */
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
  return finish(target, image);
}

/** Packs files for a target. @returns the archive's SHA-256. */
function writeArchive(target: string, entries: readonly TarEntry[]): string {
  const archive = isWindows(target) ? createZip(entries) : createArchive(entries);
  writeFileSync(join(RELEASE, toArchive(target)), archive);
  console.log(`${toArchive(target)}: ${(archive.length / 1e6).toFixed(1)} MB`);
  return createHash("sha256").update(archive).digest("hex");
}

const license: TarEntry = { name: "LICENSE", mode: 0o644, bytes: readFileSync("LICENSE") };

/** Packs a target's executable with the licenses. @returns the archive's SHA-256. */
function createRelease(target: string): string {
  const image = createExecutable(target);
  const faults = inspect(target, image, { name: NAME, version: VERSION, bundle });
  if (faults.length > 0) throw new Error(`Cannot release ${target}: ${faults.join(", ")}`);
  return writeArchive(target, [
    { name: toExecutable(target), mode: 0o755, bytes: image },
    license,
    { name: "LICENSE-node", mode: 0o644, bytes: readFileSync(getNodeLicense()) },
  ]);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(RELEASE, path)), { recursive: true });
  writeFileSync(join(RELEASE, path), text);
}

/** Files for package managers: they name the archives of all targets. */
function writeManifests(sums: Readonly<Record<string, string>>): void {
  write(`${NAME}.rb`, fillTemplate("formula.rb", sums));
  write("PKGBUILD", fillTemplate("PKGBUILD", sums));
  for (const [path, text] of Object.entries(toManifestFiles(sums, stringify))) write(path, text);
}

function main(args: readonly string[]): void {
  const targets = args.includes("--all") ? TARGETS : args.length > 0 ? args : [HOST];
  rmSync(RELEASE, { recursive: true, force: true });
  rmSync(STAGE, { recursive: true, force: true });
  mkdirSync(RELEASE, { recursive: true });
  mkdirSync(STAGE, { mode: 0o700 });
  writeFileSync(join(STAGE, `${NAME}.cjs`), bundle);
  const sums = {
    ...Object.fromEntries(targets.map((target) => [target, createRelease(target)])),
    [ANYWHERE]: writeArchive(ANYWHERE, [{ name: NAME, mode: 0o755, bytes: bundle }, license]),
  };
  rmSync(STAGE, { recursive: true });
  write(
    "SHA256SUMS",
    Object.entries(sums)
      .map(([target, sum]) => `${sum}  ${toArchive(target)}\n`)
      .join(""),
  );
  writeFileSync(join(RELEASE, "install.sh"), fillTemplate("install.sh"), { mode: 0o755 });
  if (targets.length === TARGETS.length) writeManifests(sums);
}

main(process.argv.slice(2));
