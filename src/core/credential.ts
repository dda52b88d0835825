/** The environment variables that hold a credential of the CLI, and what to do when the login does not work. */

/** In the CLI's order. Each replaces the login that the CLI has stored, also when it is stale. */
export const CREDENTIALS = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"] as const;

/** The names of those that are set; never a value. */
export function findCredentials(environment: NodeJS.ProcessEnv): readonly string[] {
  return CREDENTIALS.filter((name) => environment[name]);
}
