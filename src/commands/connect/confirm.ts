/** The question before a file is written. */
import { createInterface } from "node:readline/promises";

/** A terminal: what is typed there, and where it is shown. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Asks at a terminal; the end of the input and Ctrl-C are a no. */
export async function askAt({ input, output }: Terminal, question: string): Promise<boolean> {
  const lines = createInterface({ input, output, terminal: true });
  try {
    return /^(?:y|yes|)$/i.test((await lines.question(`${question} [Y/n] `)).trim());
  } catch (error) {
    if (!(error instanceof Error && error.name === "AbortError")) throw error;
    output.write("\n");
    return false;
  } finally {
    lines.close();
  }
}

/** Asks the user, and says so when nothing is done; answers yes where nobody can be asked. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return true;
  const isYes = await askAt({ input: process.stdin, output: process.stdout }, question);
  if (!isYes) console.log("nothing was changed");
  return isYes;
}
