/** Starts that fail because files or processes have run out: to be tried again. */
import { DESCRIPTOR_CODES, EXHAUSTED_RETRY_SECONDS, ProxyError } from "../../core/error.ts";

/** Descriptors, or processes of this user, are used up. */
const EXHAUSTED: readonly unknown[] = [...DESCRIPTOR_CODES, "EAGAIN"];

/** The error for a start for which the system has no descriptor or process left. */
export function createExhaustedError(cause: unknown): ProxyError {
  return new ProxyError("unavailable", "Cannot start the claude CLI: too many files or processes are open", {
    retryAfterSeconds: EXHAUSTED_RETRY_SECONDS,
    cause,
  });
}

/** The error for a start that failed with this code of the system's; undefined unless files or processes ran out. */
export function toExhaustedError(code: unknown): ProxyError | undefined {
  return EXHAUSTED.includes(code) ? createExhaustedError(code) : undefined;
}
