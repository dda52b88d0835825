/** The processes below a process: what the CLI's tools have started, in groups of their own. */
import { readFile, readdir } from "node:fs/promises";

type Parents = readonly (readonly [pid: number, parent: number])[];

/** Linux: field 4 of /proc/PID/stat, counted after the name, which may hold spaces and brackets. */
async function readProc(): Promise<Parents> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return stats.map((stat, at) => [Number(pids[at]), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])] as const);
}

/** Elsewhere: the lines of `ps -A -o pid=,ppid=`. */
function readTable(table: string): Parents {
  return table.split("\n").map((line) => {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    return [pid, parent] as const;
  });
}

/** All descendants of `root`, parents first. `listProcesses` runs `ps -A -o pid=,ppid=`; it is asked where there is no /proc. */
export async function findDescendants(root: number, listProcesses: () => Promise<string>): Promise<number[]> {
  const parents = process.platform === "linux" ? await readProc() : readTable(await listProcesses());
  const found = [root];
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid && child > 0) found.push(child);
  }
  return found.slice(1);
}
