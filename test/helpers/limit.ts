/** Loaded before every test file: a test that takes more than 120 s has failed. `node:test` of Node 20 has no such setting for a single test. */
import { createRequire, syncBuiltinESMExports } from "node:module";
import type { TestContext, TestOptions } from "node:test";

/** Longest time for one test, in milliseconds. The slowest needs a quarter of it; a wait that hangs shows as one. */
export const LIMIT_MS = 120_000;

type Run = (t: TestContext) => void | Promise<void>;
type Declare = (name: string, options: TestOptions, run: Run | undefined) => Promise<void>;

const nodeTest = createRequire(import.meta.url)("node:test") as { test: Declare };
const declare = nodeTest.test;

/** `test` as it is called here: a name, options or none, and what to run. */
function declareLimited(name: string, ...rest: readonly [Run] | readonly [TestOptions, Run]): Promise<void> {
  const [options, run] = rest.length === 1 ? [{}, rest[0]] : rest;
  return declare(name, { timeout: LIMIT_MS, ...options }, run);
}

nodeTest.test = declareLimited as Declare;
syncBuiltinESMExports();
