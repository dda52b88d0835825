/** Surroundings of a run: a temporary home, the CLI, the stand-in API, and the end of every process started there. */
import { spawn } from "node:child_process";
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { CLI } from "../../test/helpers/cli.ts";
import { toEnvironment } from "../../src/cli/request/launch.ts";

export interface Place {
  readonly home: string;
  /** Working directory of every CLI. */
  readonly workspace: string;
  /** The real CLI: that of `TEST_CLAUDE`, else the development dependency. */
  readonly claude: string;
  /** The environment of the proxy and of a CLI called as a user calls it. */
  readonly env: NodeJS.ProcessEnv;
  /** The environment the proxy gives its CLIs. */
  readonly cliEnv: NodeJS.ProcessEnv;
  readonly apiUrl: string;
  /** Starts a process that ends with the place, if it has not before. */
  start(file: string, args: readonly string[], options: SpawnOptions): ChildProcess;
  /** Ends all that runs, and removes the home. */
  end(): Promise<void>;
}

/** The proxy ends its processes within 15 s; what is still there after this is killed. */
const END_MS = 20_000;

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

/** Asks a process to end, and makes sure. Settles when it is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, "exit");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
  child.kill("SIGTERM");
  await exit;
  clearTimeout(timer);
}

/** The first URL a process prints. @throws Error when it ends before. */
export async function readUrl(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as Readable });
  const [line] = await Promise.race([once(lines, "line"), once(child, "exit").then(() => [""])]);
  const url = /http:\S+/.exec(String(line))?.[0];
  if (url === undefined) throw new Error(`Cannot start ${child.spawnargs.join(" ")}: it printed no address`);
  return url;
}

/** Makes the place and starts the API. */
export async function createPlace(): Promise<Place> {
  const home = mkdtempSync(join(tmpdir(), "claude-max-api-bench-"));
  const workspace = join(home, "workspace");
  mkdirSync(workspace);
  const running = new Set<ChildProcess>();
  // The last resort, where this program ends without `end`.
  process.once("exit", () => running.forEach((child) => child.kill("SIGTERM")));

  function start(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    const child = spawn(file, [...args], options);
    running.add(child);
    child.once("exit", () => running.delete(child));
    return child;
  }

  const api = start(process.execPath, ["--import", "tsx", join(import.meta.dirname, "api.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const apiUrl = await readUrl(api);
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    HOME: home,
    ANTHROPIC_BASE_URL: apiUrl,
    ANTHROPIC_API_KEY: "bench",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
  };
  return {
    home,
    workspace,
    claude: CLI,
    env,
    cliEnv: toEnvironment(env, "none"),
    apiUrl,
    start,
    async end() {
      await Promise.all([...running].map(endProcess));
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
