/** Makes the server's folder private, and finds the files that other users of the machine can read. */
import { chmod, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";

/** True when users other than the owner have any right to it; false where it is not there, and on Windows. */
async function isOpen(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return process.platform !== "win32" && found !== undefined && (found.mode & 0o077) !== 0;
}

/** Takes the rights of others away. @returns whether they are gone; another user's file stays as it is. */
async function close(path: string, mode: number): Promise<boolean> {
  return chmod(path, mode).then(
    () => true,
    () => false,
  );
}

/**
 * Makes the workspace, mode 0700. The default one is ours and is made private; a folder or log file that the user chose
 * may be shared on purpose.
 * @returns a warning for each that stays readable to others.
 */
export async function preparePrivately(config: Config): Promise<readonly string[]> {
  const { workspace, stateFolder, logFile, mcpConfig } = config;
  await mkdir(workspace, { recursive: true, mode: 0o700 });
  const warnings: string[] = [];
  if (await isOpen(workspace)) {
    const isOurs = workspace === join(stateFolder, "workspace");
    if (!isOurs || !(await close(workspace, 0o700)))
      warnings.push(`other users can reach the workspace: chmod 700 ${workspace}`);
  }
  if (logFile !== undefined && (await isOpen(logFile)))
    warnings.push(`other users can read the log file: chmod 600 ${logFile}`);
  for (const path of mcpConfig)
    if (await isOpen(path)) warnings.push(`other users can read the MCP servers and their secrets: chmod 600 ${path}`);
  return warnings;
}
