/** Room for processes in the memory of this machine. */
import { readFreeBytes } from "../lib/memory.ts";

/** Memory that one CLI process takes after some turns (P8). */
const PROCESS_BYTES = 200 * 1024 * 1024;

/** Number of processes that the memory free now can hold. */
export function countRoom(): number {
  return Math.floor(readFreeBytes() / PROCESS_BYTES);
}
