/** An API key as the user gives it: with a name or without. */

/** A key, and the name that its client goes by in the sums and the log. */
export interface ApiKey {
  readonly name: string | undefined;
  readonly key: string;
}

/**
 * `NAME:KEY`. A name has at most 32 letters, digits, `.`, `_` and `-`, and begins with a letter; any other text is a
 * key.
 */
const NAMED = /^([A-Za-z][\w.-]{0,31}):(.+)$/;

/** Reads `KEY` or `NAME:KEY`. */
export function toApiKey(text: string): ApiKey {
  const [, name, key] = NAMED.exec(text) ?? [];
  return key === undefined ? { name: undefined, key: text } : { name, key };
}
