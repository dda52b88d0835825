/** The processes below a process: what the CLI's tools have started, in groups of their own. */
import { readFile, readdir } from "node:fs/promises";
import { toParent } from "../../lib/ancestor.ts";

type Parents = readonly (readonly [pid: number, parent: number])[];

const IS_LINUX = process.platform === "linux";

/**
 * A file of each process under /proc, "" where it is gone or another user's. None where /proc cannot be read (EMFILE).
 */
async function readEach(name: string): Promise<(readonly [pid: number, text: string])[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((entry) => /^\d+$/.test(entry));
  return Promise.all(
    pids.map(async (pid) => [Number(pid), await readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")] as const),
  );
}

async function readProc(): Promise<Parents> {
  return (await readEach("stat")).map(([pid, stat]) => [pid, toParent(stat)] as const);
}

/** Elsewhere: the lines of `ps -A -o pid=,ppid=`. */
function readTable(table: string): Parents {
  return table.split("\n").map((line) => {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    return [pid, parent] as const;
  });
}

/** Adds all descendants, parents first. */
function withDescendants(roots: readonly number[], parents: Parents): number[] {
  const found = new Set(roots);
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid && child > 0) found.add(child);
  }
  return [...found];
}

/**
 * All descendants of `root` that can be found, parents first. Never rejects for want of descriptors. `listProcesses`
 * runs `ps -A -o pid=,ppid=`; it is asked where there is no /proc.
 */
export async function findDescendants(root: number, listProcesses: () => Promise<string>): Promise<number[]> {
  const parents = IS_LINUX ? await readProc() : readTable(await listProcesses());
  return withDescendants([root], parents).slice(1);
}

/**
 * The processes whose environment has the entry `mark`, and all below them: a crash takes their parent, and with it
 * every other trace of where they belong. Linux only; elsewhere none are found.
 */
export async function findMarked(mark: string): Promise<number[]> {
  if (!IS_LINUX) return [];
  const [environments, parents] = await Promise.all([readEach("environ"), readProc()]);
  const marked = environments.filter(([, environment]) => environment.split("\0").includes(mark)).map(([pid]) => pid);
  return withDescendants(marked, parents);
}
