/** The processes that started this one. */
import { readFileSync } from "node:fs";

/** The parent that `/proc/PID/stat` tells: its field 4, counted after a name that may hold spaces and brackets. */
export function toParent(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** The parent of another process; undefined where it is gone, or where there is no /proc. */
function readParent(pid: number): number | undefined {
  try {
    return toParent(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined;
  }
}

/** Names the parent of this process and, on Linux, the parent of that: the text changes when one of them has ended. */
export function nameAncestors(): string {
  return `${process.ppid} ${readParent(process.ppid) ?? ""}`;
}
