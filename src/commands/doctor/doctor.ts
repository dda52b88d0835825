/** `doctor`: says what is wrong here, and what mends it. */
import { formatChecks, toChecks } from "./check.ts";
import { gatherFacts } from "./facts.ts";
import type { DoctorOptions } from "./facts.ts";

export interface DoctorWishes {
  readonly isJson: boolean;
  /** Asks the model one tiny question too. */
  readonly isLive: boolean;
}

/** Prints the findings; true when nothing failed. */
export async function examine(options: DoctorOptions, { isJson, isLive }: DoctorWishes): Promise<boolean> {
  const checks = toChecks(await gatherFacts(options, isLive));
  const isOk = checks.every(({ status }) => status !== "fail");
  const { version } = options;
  process.stdout.write(
    isJson ? `${JSON.stringify({ ok: isOk, version, checks }, undefined, 2)}\n` : formatChecks(checks),
  );
  return isOk;
}
