/** Programs that a client leaves behind, such as cline's hub: known by their home, which no other program has. */
import { readdirSync, readFileSync } from "node:fs";

function readEnvironment(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    // It has ended, or is another user's.
    return "";
  }
}

/** Kills all that run with this home. On systems without /proc nothing is found. */
export function endStrays(home: string): void {
  if (process.platform !== "linux") return;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (!readEnvironment(pid).split("\0").includes(`HOME=${home}`)) continue;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}
