/** Facts of a process under Linux: CPU time, resident memory, children. Source: proc(5) */
import { readFileSync } from "node:fs";

/** Of `/proc/PID/stat`; 100 a second on every Linux that Node runs on. */
const TICK_MS = 10;
const UTIME = 11;
const STIME = 12;

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch (error) {
    // The process ended meanwhile: ENOENT before the file is opened, ESRCH after.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

/** User and system time of all threads so far, in milliseconds; children not included. */
export function readCpuMs(pid: number): number {
  const stat = readProc(`${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_MS;
}

/** Resident memory, in MB of 10^6 bytes. */
export function readRssMb(pid: number): number {
  return (Number(/^VmRSS:\s+(\d+)/m.exec(readProc(`${pid}/status`))?.[1]) * 1024) / 1e6;
}

/** Children started by the main thread, which is where Node starts them all. */
export function readChildren(pid: number): number[] {
  return readProc(`${pid}/task/${pid}/children`)
    .split(" ")
    .filter((text) => text !== "")
    .map(Number);
}

/** True for a CLI that takes turns: not for `--version` and the like, nor for what has ended. */
export function isLiveCli(pid: number): boolean {
  return readProc(`${pid}/cmdline`).includes("stream-json");
}
