/** How much longer everything takes on a machine that has other work to do. */
import { availableParallelism, loadavg } from "node:os";

/** Processes that want a core, for each core, that the suite makes by itself. */
const OWN_LOAD = 3;

/**
 * A factor for patience and limits: 1 on a machine that is ours alone, 4 where four times as many processes want a
 * core.
 */
export function toBusyFactor(): number {
  return Math.max(1, (loadavg()[0] ?? 0) / availableParallelism() / OWN_LOAD);
}
