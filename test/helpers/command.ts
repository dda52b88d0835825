/** The built program, run to its end: what it printed and how it ended. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { CLI_VARIABLES } from "./cli.ts";
import { PROGRAM } from "./proxy.ts";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs any program; its environment is what is given, with PATH and TMPDIR. */
export async function runFile(
  [file, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<Ended> {
  const child = spawn(file, args, {
    env: { PATH: process.env["PATH"], TMPDIR: tmpdir(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd ? { cwd } : {}),
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** Runs the program under test. */
export async function runProgram(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return runFile([...PROGRAM, ...args], {
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    ...CLI_VARIABLES,
    ...env,
  });
}

/** True when a program is on PATH. */
export async function hasProgram(name: string): Promise<boolean> {
  return (await runFile(["sh", "-c", `command -v ${name}`])).code === 0;
}

/** A folder of links to programs that are on PATH; those that are not are left out. */
export async function linkPrograms(folder: string, names: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of names) {
    const { stdout } = await runFile(["sh", "-c", `command -v ${name}`]);
    if (stdout.startsWith("/")) await symlink(stdout.trim(), join(folder, name));
  }
}
