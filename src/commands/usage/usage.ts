/** `usage`: prints what is left of the plan and what used it, as the running server knows. */
import type { Config } from "../../config/config.ts";
import { wantsColor } from "../color.ts";
import { askUsage } from "./ask.ts";
import { formatUsage } from "./format.ts";

/** Prints the usage, or one sentence on stderr; true when there was one to print. */
export async function showUsage(config: Config, isJson: boolean): Promise<boolean> {
  const answer = await askUsage(config);
  if ("problem" in answer) {
    console.error(answer.problem);
    return false;
  }
  const { usage } = answer;
  const isColored = wantsColor(config.environment);
  process.stdout.write(
    isJson ? `${JSON.stringify(usage, undefined, 2)}\n` : formatUsage(usage, { isColored, now: new Date() }),
  );
  return true;
}
