/** Clients from the npm registry at pinned versions, each kept in a cache folder outside the checkout. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The cache: `$XDG_CACHE_HOME/claude-max-api/clients`, or the same below `~/.cache`. */
const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "claude-max-api", "clients");

/**
 * The folder that holds `node_modules` of a package, such as `cline@3.0.65`; installed unless it is in the cache.
 * @throws Error when npm cannot.
 */
export function fetchClient(spec: string): string {
  const folder = join(CACHE, spec.replaceAll("/", "+"));
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  // Installed beside its place and renamed, so that a broken download is never taken for a client.
  const fresh = mkdtempSync(join(CACHE, ".fetch-"));
  try {
    const options = ["--prefix", fresh, "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
    execFileSync("npm", ["install", ...options, spec], { cwd: fresh, stdio: ["ignore", "ignore", "inherit"] });
    if (!existsSync(folder)) renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return folder;
}
