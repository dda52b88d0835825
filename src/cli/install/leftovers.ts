/** Files that CLI processes leave behind: their temporary folders, and logs of MCP servers. Swept by age. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Folders that are swept. */
export interface Leftovers {
  /** The CLI's `CLAUDE_CODE_TMPDIR`, this program's own; several servers may share it. */
  readonly temporary: string;
  /** The log folders of MCP servers, the client's tools among them, one for each working directory. */
  readonly logs: readonly string[];
}

/** A process uses the folder of its probe for moments at its start. */
const PROBE_AGE_MS = 60_000;
/** Anything else may be in use for as long as a process lives. */
const OLD_AGE_MS = 24 * 60 * 60 * 1000;

/** The CLI's cache folder on this platform, found as the CLI finds it. */
export function toCacheFolder(environment: NodeJS.ProcessEnv, home: string): string {
  if (process.platform === "darwin") return join(home, "Library", "Caches");
  return environment["XDG_CACHE_HOME"] || join(home, ".cache");
}

/** The CLI's log folder of a tool server: `~/.cache/claude-cli-nodejs/<cwd>/mcp-logs-<name>` (Linux). */
export function toLogFolder(cacheFolder: string, workspace: string, server: string): string {
  return join(cacheFolder, "claude-cli-nodejs", workspace.replace(/[^A-Za-z0-9]/g, "-"), `mcp-logs-${server}`);
}

/** Deletes the entries of a folder that have not changed for so long. Never rejects. */
async function sweepFolder(folder: string, toAgeMs: (name: string) => number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const sweep = async (name: string): Promise<void> => {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs >= toAgeMs(name)) await rm(path, { recursive: true, force: true });
  };
  // What cannot be deleted is in nobody's way.
  await Promise.all(names.map((name) => sweep(name).catch(() => undefined)));
}

/**
 * Deletes what no process needs. `isLast` is for a server that ends: its processes write no log any more. Never
 * rejects.
 */
export async function sweepLeftovers({ temporary, logs }: Leftovers, isLast = false): Promise<void> {
  const users = await readdir(temporary).catch(() => []);
  const toAgeMs = (name: string): number => (name.startsWith("fswatch-probe-") ? PROBE_AGE_MS : OLD_AGE_MS);
  await Promise.all([
    ...logs.map((folder) => sweepFolder(folder, () => (isLast ? 0 : PROBE_AGE_MS))),
    ...users.map((name) => sweepFolder(join(temporary, name), toAgeMs)),
  ]);
}

/** Sweeps while processes are started, and once more at the end. */
export interface Sweeper {
  /** Sweeps in the background, at most once an hour. */
  sweepNowAndThen(): void;
  /** Sweeps all that ended processes have left. Never rejects. */
  sweepLast(): Promise<void>;
}

const SWEEP_EVERY_MS = 60 * 60 * 1000;

/** Makes the sweeper of folders, which are asked for at each sweep; the first one is at the first start. */
export function createSweeper(readLeftovers: () => Leftovers): Sweeper {
  let sweptAt = Number.NEGATIVE_INFINITY;
  return {
    sweepNowAndThen() {
      if (performance.now() - sweptAt < SWEEP_EVERY_MS) return;
      sweptAt = performance.now();
      void sweepLeftovers(readLeftovers());
    },
    sweepLast: () => sweepLeftovers(readLeftovers(), true),
  };
}
