/** Releases of the CLI from the npm registry, each kept in a cache folder outside the checkout. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
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

const INITIALIZE = JSON.stringify({ type: "control_request", request_id: "1", request: { subtype: "initialize" } });

/** The id that a family such as `sonnet` stands for in the CLI at `path`, from its own list; asks no API. */
export function readFamilyModel(path: string, family: string): string | undefined {
  const home = mkdtempSync(join(tmpdir(), "claude-max-api-cli-"));
  try {
    const formats = ["--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];
    const { PATH } = process.env;
    const env = { PATH, HOME: home, ANTHROPIC_API_KEY: "unused", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" };
    const input = `${INITIALIZE}\n`;
    const output = execFileSync(path, ["-p", ...formats, "--setting-sources", ""], { input, env, encoding: "utf8" });
    return new RegExp(`"value":"${family}","resolvedModel":"([^"]+)"`).exec(output)?.[1];
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
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
