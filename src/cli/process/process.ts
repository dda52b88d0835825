/** One CLI process: spawn, lines out, messages in, a sure end. Every process but the service manager's begins here. */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess, ChildProcessWithoutNullStreams } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { createLineSplitter } from "../../lib/ndjson.ts";
import { createLine, joinSmall } from "../../lib/slice.ts";
import type { Parts } from "../../lib/slice.ts";
import type { ProxyError } from "../../core/error.ts";
import { findDescendants, findMarked } from "./descendants.ts";
import { createExhaustedError, toExhaustedError } from "./exhausted.ts";

/** A program to run, with its surroundings. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** It may start processes of its own, which are not to outlive its crash. */
  readonly isParent?: boolean;
}

/** Listeners of one process. */
export interface ProcessEvents {
  /** A whole line of stdout. */
  readonly onLine: (line: string) => void;
  /**
   * Called once, when no line can follow: what ended it, in words for a log. After an exit that is once its last lines
   * were told, so `gone` may have settled before; a process that cannot be read or written any more may still run.
   * `failure` is the error for whoever waits, where the cause is the machine's and not the process's.
   */
  readonly onEnd: (cause: string, failure?: ProxyError) => void;
}

/**
 * The first step of ending a process. `eof` closes its stdin, which ends one between turns at once. `unused` does so
 * too, but soon goes on to SIGTERM: for one that was told nothing, and may not read its stdin yet. `term` is SIGTERM,
 * for one in mid-turn: told of the end of its stdin, it would give its held tool calls up and ask the API once more.
 * `int` is SIGINT, for one that is about to ask the API by itself: after SIGTERM it still would. `kill` is SIGKILL at
 * once, for one that has started nothing and leaves nothing.
 */
export type Ending = "eof" | "unused" | "term" | "int" | "kill";

/** A running process. Its owner must stop it. */
export interface CliProcess {
  readonly pid: number | undefined;
  /** Settles when the process is gone, and after a crash what it had started; never rejects. */
  readonly gone: Promise<void>;
  /** Writes one line, given in parts: a long one in slices of time. Ignored once stdin has closed. */
  write(line: Parts): void;
  /** Stops reading stdout until `resume`: the full pipe slows the process (backpressure). */
  pause(): void;
  resume(): void;
  /**
   * Closes stdin, then SIGTERM or SIGINT, then SIGKILL with all descendants, from the step that `ending` names. Safe to
   * call twice: the first call decides how it begins.
   */
  stop(ending: Ending): Promise<void>;
}

/**
 * Milliseconds a process has to end after its stdin was closed, before SIGTERM. Between turns it needs 80 (measured).
 * One that still starts reads its stdin only later, so it is given few (P2).
 */
const EOF_GRACE_MS: Readonly<Partial<Record<Ending, number>>> = { eof: 2000, unused: 150 };
/** SIGTERM makes the CLI end its tools' processes first (measured: 1.5 s at most); SIGKILL would orphan them (P5). */
const TERM_GRACE_MS = 5000;
/** After an exit, the pipes may still hold output; a grandchild that holds them open is not waited for longer. */
const FLUSH_MS = 500;
/** A short command that is no longer wanted has nothing to finish. */
const SHORT_GRACE_MS = 1000;
const STDERR_KEPT = 2000;
/** Names a process in the environment of all that it starts. */
const MARK_NAME = "CLAUDE_MAX_API_PROCESS";
/** A process may fork between the look at it and its end; this often is enough for anything but a fork bomb. */
const SWEEPS = 5;
/** One that is just becoming another program (execve) shows no environment for a moment: one look proves nothing. */
const EMPTY_SWEEPS = 2;

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it is gone already, which is what was wanted. EPERM: it is another user's, by sudo for one, and not ours
    // to end.
    if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** True when `gone` settles within `graceMs`. */
async function isGoneWithin(gone: Promise<void>, graceMs: number): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([gone.then(() => true), delay(graceMs, false, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}

/** Ends what a crash has left behind. */
async function sweep(mark: string): Promise<void> {
  let empty = 0;
  for (let left = SWEEPS; left > 0 && empty < EMPTY_SWEEPS; left--) {
    const orphans = await findMarked(mark);
    empty = orphans.length === 0 ? empty + 1 : 0;
    for (const pid of orphans) kill(pid, "SIGKILL");
  }
}

function spawnDetached(command: Command, mark: string): ChildProcessWithoutNullStreams {
  // A group of its own: Ctrl-C at our terminal must not end turns that are to finish first.
  const { file, args, cwd } = command;
  const env = { ...command.env, [MARK_NAME]: mark };
  return spawn(file, args, { cwd, env, stdio: "pipe", detached: process.platform !== "win32", windowsHide: true });
}

/**
 * Closes the pipes of a process that has ended, after a while for what they still hold; a paused stdout as long after
 * its reader goes on.
 */
function closePipes(child: ChildProcess): void {
  setTimeout(() => {
    child.stderr?.destroy();
    if (child.stdout?.isPaused() === true) child.stdout.once("resume", () => closePipes(child));
    else child.stdout?.destroy();
  }, FLUSH_MS).unref();
}

/** The words for a log about an error of our own. */
function toWords(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function* endLine(line: Parts): Generator<string, void> {
  yield* line;
  yield "\n";
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly gone: Promise<void>;
  readonly command: Command;
}

async function stopSurely({ child, gone, command }: Running, ending: Ending): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return gone;
  const graceMs = EOF_GRACE_MS[ending];
  if (graceMs !== undefined) child.stdin.end();
  if (ending === "kill") {
    kill(pid, "SIGKILL");
    return gone;
  }
  // A process must not stay in a blocked write: nobody takes its output any more.
  child.stdout.resume();
  if (graceMs !== undefined && (await isGoneWithin(gone, graceMs))) return;
  kill(pid, ending === "int" ? "SIGINT" : "SIGTERM");
  if (await isGoneWithin(gone, TERM_GRACE_MS)) return;
  const table = { file: "ps", args: ["-A", "-o", "pid=,ppid="], cwd: command.cwd, env: command.env };
  const descendants = await findDescendants(pid, async () => (await runCommand(table, TERM_GRACE_MS)).stdout);
  for (const each of [pid, ...descendants]) kill(each, "SIGKILL");
  await gone;
}

/**
 * Starts a process. A failure to start is told through `onEnd`, like every other end.
 * @throws ProxyError `unavailable` when there is no descriptor left for its pipes.
 */
export function startProcess(command: Command, events: ProcessEvents): CliProcess {
  const mark = randomUUID();
  const child = spawnDetached(command, mark);
  // With EMFILE or ENFILE a child has no streams at all, whatever its type says; the error event comes later.
  if ((child as Partial<ChildProcessWithoutNullStreams>).stdout === undefined) {
    child.once("error", () => undefined);
    throw createExhaustedError("EMFILE");
  }
  const splitter = createLineSplitter();
  const stdin = createLine((text: string) => child.stdin.writable && child.stdin.write(text));
  let stderr = "";
  let hasEnded = false;
  let stopping: Promise<void> | undefined;

  function end(cause: string, failure?: ProxyError): void {
    if (hasEnded) return;
    hasEnded = true;
    events.onEnd(stderr === "" ? cause : `${cause}: ${stderr.trim()}`, failure);
  }

  /** Lines of stdout; none once one is too long. */
  function split(take: () => string[]): string[] {
    try {
      return take();
    } catch (error) {
      end(error instanceof RangeError ? error.message : toWords(error));
      return [];
    }
  }

  function read(take: () => string[]): void {
    try {
      for (const line of split(take)) if (!hasEnded) events.onLine(line);
    } catch (error) {
      end(`its line could not be taken: ${toWords(error)}`);
    }
  }

  const gone = new Promise<void>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      end(`Cannot start ${command.file}: ${error.message}`, toExhaustedError(error.code));
      if (child.pid === undefined) resolve();
    });
    child.once("exit", (code, signal) => {
      // One that was asked to end has ended its tools, and tells so by a code; a signal left it no time for that.
      const isCrash = signal !== null || !stopping;
      if (isCrash && command.isParent) void sweep(`${MARK_NAME}=${mark}`).then(resolve, () => resolve());
      else resolve();
      closePipes(child);
      child.once("close", () => end(`exited with ${signal ?? `code ${code}`}`));
    });
  });
  child.stdout.on("data", (chunk: Buffer) => read(() => splitter.push(chunk)));
  child.stdout.once("end", () => read(() => splitter.end()));
  // One that has ended says so itself in a moment, with its code and its last words.
  child.stdin.on("error", (error) => setTimeout(() => end(`stdin closed: ${error.message}`), FLUSH_MS).unref());
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });

  return {
    pid: child.pid,
    gone,
    write: (line) => stdin.add(joinSmall(endLine(line))),
    pause: () => void child.stdout.pause(),
    resume: () => void child.stdout.resume(),
    stop: (ending) => (stopping ??= stopSurely({ child, gone, command }, ending)),
  };
}

/** Output and exit code of a short command; `code` is null when it could not be run to its end. */
export interface CommandOutput {
  readonly code: number | null;
  readonly stdout: string;
  /** The system's code of a failure to start, such as `ENOENT`. */
  readonly error?: string;
}

/** A command that answers and ends by itself. */
export interface ShortCommand extends Command {
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** Ends a short command after its time, or when the signal aborts: by SIGKILL if it does not listen. */
function endInTime(child: ChildProcess, timeoutMs: number, signal: AbortSignal | undefined): void {
  let patience: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.kill("SIGTERM");
    patience ??= setTimeout(() => child.kill("SIGKILL"), SHORT_GRACE_MS);
  };
  const limit = setTimeout(end, timeoutMs);
  signal?.addEventListener("abort", end, { once: true });
  const forget = (): void => {
    clearTimeout(limit);
    clearTimeout(patience);
    signal?.removeEventListener("abort", end);
  };
  child.once("error", forget).once("exit", forget);
}

/**
 * Runs a short command to its end; at most `timeoutMs` and a grace of a second, until its signal aborts, and 1 MiB of
 * output. The process is gone when it settles; what it has started is not waited for. Never throws.
 */
export async function runCommand(command: ShortCommand, timeoutMs: number): Promise<CommandOutput> {
  const { file, args, cwd, env, signal } = command;
  if (signal?.aborted === true) return { code: null, stdout: "" };
  let stdout = "";
  const child = execFile(file, [...args], { cwd, env, windowsHide: true });
  endInTime(child, timeoutMs, signal);
  child.once("exit", () => closePipes(child));
  child.stdout?.on("data", (text: string) => {
    stdout += text;
  });
  child.stdin?.end();
  const failure = once(child, "error").then(([error]) => ({
    code: null,
    error: String((error as { code?: unknown }).code),
  }));
  const close = once(child, "close").then(([code]) => ({ code: code as number | null }));
  const end = await Promise.race([close, failure]);
  return { ...end, stdout };
}
