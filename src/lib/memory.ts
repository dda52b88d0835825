/** The memory of this machine, or of the container this runs in. */
import { freemem } from "node:os";

const AMPLE_BYTES = 8e9;

/** Memory that is free now, in bytes. On macOS pages that hold files count as taken. */
export function readFreeBytes(): number {
  // Knows a container's limit, but came with Node 20.13 only.
  return process.availableMemory?.() ?? freemem();
}

/** True when so much is free, in bytes, that speed is worth more of it: 8 GB. */
export function isAmple(freeBytes: number): boolean {
  return freeBytes >= AMPLE_BYTES;
}
