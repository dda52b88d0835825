/** The processes of this machine, as the system tells of them: from /proc on Linux, from `ps` elsewhere. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { TestOptions } from "node:test";

export interface SystemProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Options for a test that reads /proc or runs a program of Linux: elsewhere it is skipped by name. */
export const LINUX_ONLY: TestOptions = process.platform === "linux" ? {} : { skip: "needs Linux" };

/** Options for a test that needs a shell, or links that any user can make: elsewhere it is skipped by name. */
export const POSIX_ONLY: TestOptions = process.platform === "win32" ? { skip: "needs a POSIX system" } : {};

function readProc(pid: string): SystemProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z") return undefined;
    return { pid: Number(pid), parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, "utf8") };
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

function readPs(): SystemProcess[] {
  const lines = execFileSync("ps", ["-axo", "pid=,ppid=,stat=,command="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, pid, parent, state, command = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return state === undefined || state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** All processes but those that have ended and wait to be read. */
export function readProcesses(): SystemProcess[] {
  if (process.platform !== "linux") return readPs();
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readProc(name) ?? []) : []));
}

/** True while the process is there. */
export function isRunning(pid: number): boolean {
  if (process.platform === "linux") return readProc(String(pid)) !== undefined;
  return readProcesses().some((running) => running.pid === pid);
}

/** The processes that this one has started. Asked for many times a second: on Linux all others are left unread. */
export function readChildren(pid: number): SystemProcess[] {
  try {
    const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    return pids.flatMap((child) => (child === "" ? [] : (readProc(child) ?? [])));
  } catch {
    // It has ended, or the system has no such list.
    return readProcesses().filter(({ parent }) => parent === pid);
  }
}

/** Kills these processes; one that has ended meanwhile is gone as well. */
export function killAny(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
