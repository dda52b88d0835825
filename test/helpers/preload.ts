/**
 * Loaded before all test files: a test that takes longer than the limit has failed (Node 20 has no such setting for a
 * single test), and each is counted for the file that declares it.
 */
import { createRequire, syncBuiltinESMExports } from "node:module";
import type { TestContext, TestOptions } from "node:test";
import { addTest } from "../../scripts/test/origin.ts";

type Run = (t: TestContext) => void | Promise<void>;
type Declare = (name: string, options: TestOptions, run: Run | undefined) => Promise<void>;

/** From the runner, in milliseconds. */
const timeout = Number(process.env["TEST_LIMIT_MS"]);
const nodeTest = createRequire(import.meta.url)("node:test") as { test: Declare };
const declare = nodeTest.test;

/** `test` as it is called here: a name, options or none, and what to run. */
function declareLimited(name: string, ...rest: readonly [Run] | readonly [TestOptions, Run]): Promise<void> {
  addTest();
  const [options, run] = rest.length === 1 ? [{}, rest[0]] : rest;
  return declare(name, { timeout, ...options }, run);
}

nodeTest.test = declareLimited as Declare;
syncBuiltinESMExports();
