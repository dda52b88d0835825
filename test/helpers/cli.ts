/** The CLI the tests run: the development dependency, or the one that the variable TEST_CLAUDE names. */
import { resolve } from "node:path";

const GIVEN = process.env["TEST_CLAUDE"];

/** The development dependency: also the client of tests whose client is a CLI. */
export const OWN_CLI = resolve(`node_modules/@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`);

/** Path of the CLI under test. */
export const CLI = GIVEN ? resolve(GIVEN) : OWN_CLI;

/** The model that the family `sonnet` is answered by; releases differ. */
export const SONNET = process.env["TEST_CLAUDE_SONNET"] ?? "claude-sonnet-5-5";

/**
 * Makes the program use the CLI that was named. Empty without one: then the program finds the development dependency by
 * itself.
 */
export const CLI_VARIABLES: Readonly<Record<string, string>> = GIVEN ? { CLAUDE_MAX_API_CLAUDE: CLI } : {};
