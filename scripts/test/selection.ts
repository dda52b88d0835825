/** Reads the runner's command line and finds the test files it means. */
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path/posix";
import { parseArgs } from "node:util";
import type { Batch } from "./batch.ts";

/** Test files of one tier: `e2e` is `test/e2e`, which starts servers and CLIs; `unit` is the rest. */
export type Tier = "unit" | "e2e";

export interface Selection {
  /** Paths from the root, with slashes, sorted. Never empty. */
  readonly files: readonly string[];
  /** Batches that run side by side. */
  readonly jobs: number;
  /** Batches that run beside these, of those that wait most of the time. */
  readonly waiting: number;
  /** Goldens are written instead of compared, and their difference is shown. */
  readonly isUpdate: boolean;
  /** The times of the longest batches are written down for other checkouts. */
  readonly isTimed: boolean;
}

/** A command line that means no tests; the message is one sentence for stderr. */
export class SelectionError extends Error {}

/**
 * End-to-end files wait for processes much of the time: two a core keep the cores busy, and one more of those that
 * hardly do anything else. One in continuous integration, where nobody waits for the last minute and each file is to
 * have its CPU time.
 */
const PER_CORE = process.env["CI"] ? { jobs: 1, waiting: 0 } : { jobs: 2, waiting: 1 };

const OPTIONS = {
  unit: { type: "boolean" },
  e2e: { type: "boolean" },
  update: { type: "boolean" },
  times: { type: "boolean" },
  jobs: { type: "string" },
} as const;

function toJobs(text: string | undefined): Pick<Selection, "jobs" | "waiting"> {
  const cores = availableParallelism();
  if (text === undefined) return { jobs: PER_CORE.jobs * cores, waiting: PER_CORE.waiting * cores };
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1) throw new SelectionError(`Cannot run tests: --jobs ${text} is no count`);
  return { jobs, waiting: 0 };
}

const toTier = (path: string): Tier => (path.startsWith("test/e2e/") ? "e2e" : "unit");

/** All test files of the tree: `*.test.ts` below `test`. Fixtures and helpers are no tests. */
export function findTests(): string[] {
  return readdirSync("test", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${name.replaceAll("\\", "/")}`)
    .sort();
}

/**
 * Reads `[--unit] [--e2e] [--update] [--times] [--jobs N] [WORD ...]`: files of the tiers named whose path holds one of
 * the words. @throws SelectionError
 */
export function select(argv: readonly string[], paths: readonly string[]): Selection {
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new SelectionError(`Cannot run tests: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { values, positionals: words } = parsed;
  const isBoth = values.unit === values.e2e;
  const inTier = paths.filter((path) => isBoth || (toTier(path) === "unit" ? values.unit : values.e2e));
  const missed = words.find((word) => !inTier.some((path) => path.includes(word)));
  if (missed !== undefined) throw new SelectionError(`Cannot run tests: no file has "${missed}" in its path`);
  const files = inTier.filter((path) => words.length === 0 || words.some((word) => path.includes(word)));
  const { update: isUpdate = false, times: isTimed = false } = values;
  return { files, ...toJobs(values.jobs), isUpdate, isTimed };
}

/**
 * What runs in one process: an end-to-end file alone, and the unit tests of a folder below `test` together, since a
 * process takes longer to start than most of them to run. In the order of the first files.
 */
export function toBatches(files: readonly string[]): Batch[] {
  const batches = new Map<string, string[]>();
  for (const file of files) {
    const name = toTier(file) === "e2e" ? file : dirname(file).split("/").slice(0, 2).join("/");
    batches.set(name, [...(batches.get(name) ?? []), file]);
  }
  return [...batches].map(([name, all]) => ({ name, files: all }));
}
