/** Processes that outlived the test file they were started for; Linux. Elsewhere none are seen. Source: proc(5) */
import { readdirSync, readFileSync } from "node:fs";

export interface Survivor {
  readonly pid: number;
  /** Its command line, cut. */
  readonly command: string;
}

const COMMAND_LENGTH = 160;

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    // Another user's, or ended meanwhile.
    return "";
  }
}

/** All processes whose environment holds a text: whatever a test starts has the folder of its file in there. */
export function findSurvivors(text: string): Survivor[] {
  if (process.platform !== "linux") return [];
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids
    .filter((pid) => pid !== process.pid && readProc(pid, "environ").includes(text))
    .map((pid) => ({ pid, command: readProc(pid, "cmdline").replaceAll("\0", " ").slice(0, COMMAND_LENGTH) }));
}

/** Ends them at once. */
export function killAll(survivors: readonly Survivor[]): void {
  for (const { pid } of survivors) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
