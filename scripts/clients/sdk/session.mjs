/** A session with an SDK: prompts come on stdin, each a JSON text on a line of its own, and so do answers go. */
import { execFileSync } from "node:child_process";
import { createInterface } from "node:readline";

/** The way in which the script is asked to work, the model, and the server's address. */
export const [, , MODE = "", MODEL = "", ORIGIN = ""] = process.argv;

/** The tool that all scripts have. */
export const BASH = {
  name: "bash",
  description: "Runs a command in a shell",
  parameters: {
    type: "object",
    properties: { command: { type: "string" } },
    required: ["command"],
    additionalProperties: false,
  },
};

/** Runs a command; gives its output. */
export const runShell = ({ command }) => execFileSync("sh", ["-c", command], { encoding: "utf8" });

/** The tool for SDKs that take its parameters in the words of zod. */
export const toZodTool = (z) => ({
  name: BASH.name,
  description: BASH.description,
  parameters: z.object({ command: z.string() }),
  execute: async (input) => runShell(input),
});

/** Calls `ways[MODE]` with one prompt after the other; its text is the answer. */
export async function serve(ways) {
  const say = ways[MODE]();
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await say(JSON.parse(line));
    process.stdout.write(`answer ${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}
