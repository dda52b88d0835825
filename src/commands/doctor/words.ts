/** The cause of a failed start of the CLI, in one line. Pure. */

const MOST_CHARACTERS = 300;

/** The last words of the CLI and its end, where that is known; never longer than some lines. */
export function toWords({ message, cause }: Error): string {
  return (typeof cause === "string" ? cause : message).replace(/\s+/g, " ").slice(0, MOST_CHARACTERS);
}
