/** Node for every platform, from npm: fetched once, checked against the pinned integrity, kept in `.cache`. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isWindows, NODE } from "./targets.ts";

const CACHE = resolve(".cache/node");
/** The packager's home: it looks there before it asks the network. */
export const PACKAGER_HOME = resolve(".cache/packager");

/** Not every package brings Node's license; it is the same for all. */
const LICENSE_TARGET = "linux-x64";

/** npm is a script that Windows starts through a shell; the words are all ours. */
function fetchArchive(name: string): string {
  const args = ["pack", `${name}@${NODE.version}`, "--silent", "--pack-destination", CACHE];
  const file = execFileSync("npm", args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    shell: process.platform === "win32",
  }).trim();
  return join(CACHE, file);
}

/** The binary of Node for a target. @throws Error when what npm gives is not what was pinned. */
export function getNode(target: string): string {
  const pinned = NODE.targets[target];
  if (!pinned) throw new Error(`Cannot package ${target}: expected one of ${Object.keys(NODE.targets).join(", ")}`);
  const folder = join(CACHE, `${target}-${NODE.version}`);
  const binary = isWindows(target) ? "bin/node.exe" : "bin/node";
  if (existsSync(join(folder, binary))) return join(folder, binary);
  mkdirSync(CACHE, { recursive: true });
  const kept = join(CACHE, `${pinned.package}-${NODE.version}.tgz`);
  const archive = existsSync(kept) ? kept : fetchArchive(pinned.package);
  const integrity = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (integrity !== pinned.integrity)
    throw new Error(`Cannot use ${archive}: its integrity is ${integrity}, not ${pinned.integrity}`);
  const next = `${folder}.new`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  const files = [`package/${binary}`, ...(target === LICENSE_TARGET ? ["package/LICENSE"] : [])];
  execFileSync("tar", ["-xzf", archive, "-C", next, "--strip-components=1", ...files]);
  renameSync(next, folder);
  rmSync(archive);
  return join(folder, binary);
}

/** The license of Node and of all that it holds. */
export function getNodeLicense(): string {
  return join(dirname(getNode(LICENSE_TARGET)), "../LICENSE");
}

/**
 * Puts Node where the packager takes it for its own download: an archive and a binary, each with an `.ok` beside it.
 */
export function seedPackager(target: string): void {
  const base = join(PACKAGER_HOME, ".pkg-cache/sea", `node-v${NODE.version}-${target}`);
  const archive = `${base}${isWindows(target) ? ".zip" : ".tar.gz"}`;
  const binary = isWindows(target) ? `${base}.exe` : join(base, "bin/node");
  if (existsSync(`${binary}.ok`)) return;
  mkdirSync(dirname(binary), { recursive: true });
  rmSync(binary, { force: true });
  try {
    linkSync(getNode(target), binary);
  } catch {
    // Another file system.
    copyFileSync(getNode(target), binary);
  }
  for (const file of [archive, `${archive}.ok`, `${binary}.ok`]) writeFileSync(file, "");
}
