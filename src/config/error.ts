/** The error for a command line, variable or file that cannot be used. */

/** The message is one sentence for the user; the program prints it and exits with 2. */
export class UsageError extends Error {}
