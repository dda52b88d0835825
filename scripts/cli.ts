/** Releases of the CLI from the npm registry, each kept in a cache folder outside the checkout. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const PACKAGE = `@anthropic-ai/claude-code-${process.platform}-${process.arch}`;
const FILE_NAME = process.platform === "win32" ? "claude.exe" : "claude";

/** The cache: `$XDG_CACHE_HOME/claude-max-api/cli`, or the same below `~/.cache`. About 250 MB a release. */
export const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "claude-max-api", "cli");

/** True for three numbers, such as 2.1.281. */
export function isVersion(text: string): boolean {
  return /^\d+\.\d+\.\d+$/.test(text);
}

/** The version that the CLI at `path` tells. @throws Error when it cannot be run. */
export function readCliVersion(path: string): string {
  const output = execFileSync(path, ["--version"], { encoding: "utf8" });
  return /^\d+\.\d+\.\d+/.exec(output)?.[0] ?? output.trim();
}

/**
 * The path of one release for this platform, fetched unless it is in the cache. @throws Error when npm has no such
 * release.
 */
export function fetchCli(version: string): string {
  const folder = join(CACHE, version);
  const path = join(folder, "node_modules", PACKAGE, FILE_NAME);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  // Installed beside its place and renamed, so that a broken download is never taken for a release.
  const fresh = mkdtempSync(join(CACHE, ".fetch-"));
  try {
    const options = ["--prefix", fresh, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    execFileSync("npm", ["install", ...options, `${PACKAGE}@${version}`], {
      cwd: fresh,
      stdio: ["ignore", "ignore", "inherit"],
      shell: process.platform === "win32",
    });
    if (!existsSync(folder)) renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return path;
}
