/** The keys of the service that is installed, as an earlier install has stored them. */
import { readFile } from "node:fs/promises";
import { UsageError } from "../config/error.ts";
import { parseVariables } from "../lib/envfile.ts";

/** Reads the keys in the service's file of variables; none without such a file. @throws UsageError naming its line. */
export async function readStoredKeys(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  try {
    return (parseVariables(text)["CLAUDE_MAX_API_API_KEY"] ?? "").split(",").filter((key) => key !== "");
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
