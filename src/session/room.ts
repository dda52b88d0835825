/** Room for processes in the memory of this machine. */
import { freemem } from "node:os";

/** Memory that one CLI process takes after some turns (P8). */
const PROCESS_BYTES = 200 * 1024 * 1024;

/** Number of processes that the memory free now can hold. On macOS pages that hold files count as taken. */
export function countRoom(): number {
  // Knows a container's limit, but came with Node 20.13 only.
  const free = process.availableMemory?.() ?? freemem();
  return Math.floor(free / PROCESS_BYTES);
}
