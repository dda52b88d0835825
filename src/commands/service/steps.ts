/** Runs the system's own tools for a service, with no shell between. Beside the CLI's, the only processes we start. */
import { execFile } from "node:child_process";
import type { ExecFileException } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { ServiceStep } from "./unit.ts";

const run = promisify(execFile);

/** Between two tries of a step. */
const PAUSE_MS = 1000;
/** A journal's newest lines, in bytes. */
const OUTPUT_BYTES = 64 * 1024 * 1024;

/** A step that failed; the message is a sentence with the tool's own words. */
export class StepError extends Error {
  /** True when the tool is not on this system. */
  readonly isMissing: boolean;

  constructor(message: string, isMissing: boolean) {
    super(message);
    this.isMissing = isMissing;
  }
}

function toStepError(argv: readonly string[], error: Error): StepError {
  if ("code" in error && error.code === "ENOENT")
    return new StepError(`Cannot run ${argv[0]}: it is not on this system; --print shows what it would be told`, true);
  const { stderr = "", code, signal } = error as ExecFileException;
  const [said] = stderr.trim().split("\n");
  return new StepError(`Cannot run ${argv.join(" ")}: ${said || `it ended with ${code ?? signal}`}`, false);
}

async function tryStep({ argv, mayFail }: ServiceStep): Promise<StepError | undefined> {
  const [file = "", ...args] = argv;
  try {
    await run(file, args, { windowsHide: true });
    return undefined;
  } catch (error) {
    if (mayFail || !(error instanceof Error)) return undefined;
    return toStepError(argv, error);
  }
}

/** Runs steps in order. @throws StepError at the first that fails and may not. */
export async function runSteps(steps: readonly ServiceStep[]): Promise<void> {
  for (const step of steps) {
    let failure = await tryStep(step);
    for (let left = (step.tries ?? 1) - 1; failure !== undefined && left > 0; left--) {
      await delay(PAUSE_MS);
      failure = await tryStep(step);
    }
    if (failure) throw failure;
  }
}

/** The stdout of a program that tells a state, by its exit code too; empty when it cannot be run. */
export async function readState([file = "", ...args]: readonly string[]): Promise<string> {
  return run(file, args, { windowsHide: true }).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error instanceof Error && "stdout" in error ? String(error.stdout) : ""),
  );
}

/** The stdout of a program. @throws StepError when it fails. */
export async function readOutput(argv: readonly string[]): Promise<string> {
  const [file = "", ...args] = argv;
  return run(file, args, { maxBuffer: OUTPUT_BYTES, windowsHide: true }).then(
    ({ stdout }) => stdout,
    (error: Error) => Promise.reject(toStepError(argv, error)),
  );
}
