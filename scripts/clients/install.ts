/** Clients from the npm registry at pinned versions, each kept in a cache folder outside the checkout. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** The cache: `$XDG_CACHE_HOME/claude-max-api/clients`, or the same below `~/.cache`. */
const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "claude-max-api", "clients");

/** The Node that all clients run on. OpenClaw takes nothing older, and most SDKs want 22. */
const NODE = { major: 24, minor: 16, patch: 0 };

/** The folder of a `node` that every client can be run with: this process's own, or else one from npm. */
export function fetchNode(): string {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major === NODE.major && minor >= NODE.minor) return dirname(process.execPath);
  const name = `node-${process.platform}-${process.arch}`;
  const spec = `${name}@${NODE.major}.${NODE.minor}.${NODE.patch}`;
  return join(install([spec], process.env["PATH"] ?? ""), "node_modules", name, "bin");
}

/**
 * The folder that holds `node_modules` of packages, such as `cline@3.0.65`; installed unless it is in the cache.
 * @throws Error when npm cannot.
 */
export function fetchPackages(specs: readonly string[]): string {
  return install(specs, [fetchNode(), process.env["PATH"] ?? ""].join(delimiter));
}

function install(specs: readonly string[], path: string): string {
  const folder = join(CACHE, specs.map((spec) => spec.replaceAll("/", "+")).join(","));
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  // Installed beside its place and renamed, so that a broken download is never taken for a client.
  const fresh = mkdtempSync(join(CACHE, ".fetch-"));
  try {
    const options = ["--prefix", fresh, "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
    execFileSync("npm", ["install", ...options, ...specs], {
      cwd: fresh,
      env: { ...process.env, PATH: path },
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (!existsSync(folder)) renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}
