/** The environment variables that hold a credential of the CLI, and what to do when the login does not work. */

/** In the CLI's order. Each replaces the login that the CLI has stored, also when it is stale. */
export const CREDENTIALS = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"] as const;

/** The names of those that are set; never a value. */
export function findCredentials(environment: NodeJS.ProcessEnv): readonly string[] {
  return CREDENTIALS.filter((name) => environment[name]);
}

/** The command that mends a login which is missing or refused. */
export function toLoginCure(environment: NodeJS.ProcessEnv): string {
  const names = findCredentials(environment);
  return names.length === 0 ? "claude auth login" : `unset ${names.join(" ")}`;
}

/**
 * One sentence for a login that is missing or refused, with its cure. A variable that is set counts in place of the
 * stored login.
 */
export function toLoginSentence(environment: NodeJS.ProcessEnv): string {
  const names = findCredentials(environment);
  const run = `Run \`${toLoginCure(environment)}\``;
  if (names.length === 0) return `Cannot use Claude: the claude CLI is not logged in. ${run}`;
  const words = names.join(" and ");
  const cure = `${run}, or set it to one that is valid, and start this server again`;
  const cause = `the login was refused, and ${words} of the environment is used in place of the CLI's own`;
  return `Cannot use Claude: ${cause}. ${cure}`;
}
