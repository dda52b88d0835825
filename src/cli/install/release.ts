/** Releases of the CLI: the oldest that will do, the newest tested, and their order. */

/**
 * The oldest release served through. Older ones cannot resume a transcript that ends in an unanswered tool call; up to
 * 2.1.250 `set_model` leaves words in the prompt; before 2.1.248 "/commands" in a user's text run and the files it
 * mentions are read.
 */
export const MINIMUM_VERSION = "2.1.281";

/** The newest release tested; the development dependency is this one. */
export const NEWEST_TESTED = "2.1.330";

/** True when `version` comes before `than`; both are three numbers. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(".").map(Number));
  const at = [0, 1, 2].find((place) => a?.[place] !== b?.[place]);
  return at !== undefined && (a?.[at] ?? 0) < (b?.[at] ?? 0);
}
