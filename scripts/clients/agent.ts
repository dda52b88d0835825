/** An agent as the task sees it: set up by `connect`, and run once for each prompt. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PROGRAM } from "../../test/helpers/proxy.ts";
import { MODEL, PATIENCE_MS, toTail } from "./client.ts";
import type { Agent, Call, Dialogue, Setting } from "./client.ts";
import { fetchPackages } from "./install.ts";

/** Reads a file of variables first, in a shell, as the user is told to. */
export const WITH_VARIABLES = '. "$1" && shift && exec "$@"';

/** Has `connect` set the client up in its home. @throws Error when it does not. */
function connect({ id, files }: Agent, { home, url, env }: Setting): void {
  for (const [path, text] of Object.entries(files ?? {})) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  const [program, ...script] = PROGRAM;
  const words = ["connect", id, "--port", new URL(url).port, "--model", MODEL];
  execFileSync(program, [...script, ...words], { env, stdio: ["ignore", "ignore", "pipe"] });
}

/** Has `connect` put back what was there, in files that the client may have written anew since. */
function undo({ id }: Agent, { url, env }: Setting): string | undefined {
  const [program, ...script] = PROGRAM;
  const { port } = new URL(url);
  const { status, stdout, stderr } = spawnSync(program, [...script, "connect", id, "--port", port, "--undo"], {
    env,
    encoding: "utf8",
  });
  if (status !== 0) return `undo: ${toTail(stderr)}`;
  const [path = ""] = stdout.split("\n");
  const isLeft = existsSync(path) && readFileSync(path, "utf8").includes(`:${port}`);
  return isLeft ? `undo: the server's address is left in ${path}` : undefined;
}

/** The command of one prompt. */
function toCommand(client: Agent, file: string, call: Call): [string, readonly string[]] {
  const args = client.toArgs(call);
  if (client.variables === undefined) return [file, args];
  const extra = Object.entries(client.toEnvironment?.(call) ?? {}).map(([name, value]) => `${name}=${value}`);
  return ["sh", ["-c", WITH_VARIABLES, "sh", join(call.home, client.variables), "env", ...extra, file, ...args]];
}

/** Ends a program with all that it has started in its own process group. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}

/** Sets the agent up. @throws Error when `connect` or npm fails. */
export function openAgent(client: Agent, setting: Setting): Dialogue {
  const { home, cwd, url, env } = setting;
  const { packages } = client;
  const file = packages.length > 0 ? join(fetchPackages(packages), "node_modules/.bin", client.file) : client.file;
  connect(client, setting);
  let isNext = false;
  return {
    async ask(prompt) {
      const call: Call = { home, url, prompt, isNext };
      isNext = true;
      const [command, args] = toCommand(client, file, call);
      const own = { ...env, ...client.toEnvironment?.(call) };
      const child = spawn(command, args, { cwd, env: own, stdio: ["ignore", "pipe", "pipe"], detached: true });
      const timer = setTimeout(() => endGroup(child.pid), PATIENCE_MS);
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => (output += text));
      // Its end, not that of its output: a daemon that it leaves may hold that open.
      const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
      clearTimeout(timer);
      endGroup(child.pid);
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      return code === 0 ? undefined : `ended with ${signal ?? code}: ${toTail(output)}`;
    },
    undo: () => undo(client, setting),
    end: () => undefined,
  };
}
