/**
 * The built program, run as a user runs it: a process of its own, a free port, an empty home, and the real CLI unless
 * told otherwise.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { toBusyFactor } from "./busy.ts";
import { CLI_VARIABLES } from "./cli.ts";
import { readChildren } from "./processes.ts";
import type { Scope } from "./scope.ts";

export const BUNDLE = "dist/claude-max-api.cjs";
/** What is tested: the bundle, or the packaged executable that the variable names. */
export const PROGRAM: readonly [string, ...string[]] = process.env["CLAUDE_MAX_API_PROGRAM"]
  ? [process.env["CLAUDE_MAX_API_PROGRAM"]]
  : [process.execPath, BUNDLE];
export const FAKE_CLI = join(import.meta.dirname, "../fixtures/fake-cli.sh");
/** Fakes a long answer, as a shell script; it says that it is of the release `FAKE_CLI_VERSION`. */
export const STEPS_CLI = join(import.meta.dirname, "../fixtures/steps-cli.sh");

export interface ProxyOptions {
  /** The scripted API; without one the CLI is pointed at a closed port. */
  readonly upstream?: { readonly url: string };
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A home to share with an earlier proxy; a new one otherwise. */
  readonly home?: string;
  /** A shell command that sets limits and then runs the program with `exec "$0" "$@"`. */
  readonly shell?: string;
}

export interface Proxy {
  readonly url: string;
  readonly pid: number;
  readonly home: string;
  /** Lines written to stderr so far. */
  readonly log: readonly string[];
  /**
   * Settles with the first log line, old or new, that matches; `from` is the first line looked at. Rejects when the
   * program ends without one.
   */
  logged(pattern: RegExp, from?: number): Promise<string>;
  /** POSTs to chat completions. */
  chat(body: object, options?: { headers?: Record<string, string>; signal?: AbortSignal }): Promise<Response>;
  /**
   * The CLI processes for conversations that this proxy has now; not those that only tell the CLI's version or login.
   */
  children(): number[];
  kill(signal: NodeJS.Signals): void;
  /** Closes the reading ends of stdout and stderr, as a `tee` that ends does. */
  closeOutput(): void;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/**
 * Settles when `holds` does; looked at 50 times a second. For states that give no event, such as another process's end.
 * The patience is for a machine without other work, and longer on a busy one.
 */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = 20_000,
): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() > startedAt + patienceMs * toBusyFactor())
      throw new Error(`did not come true within ${patienceMs} ms: ${what}`);
    // A timer that keeps the test alive: the process waited for may be the last thing that did.
    await setTimeout(20);
  }
}

function toEnvironment(options: ProxyOptions, home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: home,
    TMPDIR: tmpdir(),
    ANTHROPIC_BASE_URL: options.upstream?.url ?? "http://127.0.0.1:9",
    ANTHROPIC_API_KEY: "test",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    DEBUG: "1",
    ...CLI_VARIABLES,
    ...options.env,
  };
}

/** The proxy with a log that begins now, also for what waits for its lines. */
export function withFreshLog(proxy: Proxy): Proxy {
  const { length } = proxy.log;
  return {
    ...proxy,
    get log() {
      return proxy.log.slice(length);
    },
    logged: (pattern, from = 0) => proxy.logged(pattern, length + from),
  };
}

/** Starts the program and waits until it is ready. It ends with the scope, and so does every process it has. */
export async function startProxy(t: Scope, options: ProxyOptions = {}): Promise<Proxy> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), "claude-max-api-test-"));
  const [file, ...script] = PROGRAM;
  const args = [...script, "--port", "0", ...(options.args ?? [])];
  const [command, list] = options.shell === undefined ? [file, args] : ["sh", ["-c", options.shell, file, ...args]];
  const child = spawn(command, list, { env: toEnvironment(options, home), stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit").then(([code, signal]) => ({ code, signal }) as Awaited<Proxy["exited"]>);
  const closed = once(child, "close");
  const log: string[] = [];
  const watchers = new Set<(line: string) => void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    log.push(line);
    for (const watch of watchers) watch(line);
  });
  t.after(async () => {
    child.kill("SIGTERM");
    await exited;
    if (!options.home) rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
  const ready = createInterface({ input: child.stdout });
  const first = await Promise.race([once(ready, "line"), exited.then(() => [])]);
  const url = /(?:http|unix):\S+/.exec(String(first[0]))?.[0];
  if (url === undefined) throw new Error(`did not start: ${log.join("\n")}`);

  return {
    url,
    pid: child.pid ?? 0,
    home,
    log,
    exited,
    logged(pattern, from = 0) {
      const old = log.slice(from).find((line) => pattern.test(line));
      if (old !== undefined) return Promise.resolve(old);
      return new Promise((resolve, reject) => {
        const watch = (line: string): void => {
          if (!pattern.test(line)) return;
          watchers.delete(watch);
          resolve(line);
        };
        watchers.add(watch);
        void closed.then(() => reject(new Error(`the program ended without a log line like ${pattern}`)));
      });
    },
    chat(body, { headers = {}, signal } = {}) {
      return fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
        ...(signal ? { signal } : {}),
      });
    },
    children() {
      // A CLI that was started to take turns.
      return readChildren(child.pid ?? 0)
        .filter(({ command }) => command.includes("stream-json"))
        .map(({ pid }) => pid);
    },
    kill: (signal) => void child.kill(signal),
    closeOutput() {
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}
