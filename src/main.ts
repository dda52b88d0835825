/** The program: reads what it was called with, runs the command, and turns signals into an orderly end. */
import { closeSync } from "node:fs";
import packageJson from "../package.json" with { type: "json" };
import { formatBanner, formatReady } from "./commands/banner.ts";
import { formatCompletion } from "./commands/completion.ts";
import { examine } from "./commands/doctor/doctor.ts";
import { serve } from "./commands/serve.ts";
import { runService } from "./commands/service/service.ts";
import { showUsage } from "./commands/usage/usage.ts";
import { readCommand } from "./config/command.ts";
import type { Config } from "./config/config.ts";
import { UsageError } from "./config/error.ts";
import { formatHelp } from "./config/help.ts";
import { formatAddress, toSocketPath } from "./lib/address.ts";
import { nameAncestors } from "./lib/ancestor.ts";
import { createLog, createLogFile } from "./lib/log.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

const { version } = packageJson;
/** This program's own file; a packaged executable is its own runtime. */
const program = process.argv[1] ?? process.execPath;

/** The meaning of a system's error for a Unix socket. */
const SOCKET_WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another server answers there, or it is no socket. Choose another path with --host",
  // Node says this of a missing folder too.
  EACCES: "its folder is not there, or not yours",
};

/** A failed start as one sentence that says what to do. */
function toSentence(error: unknown, { host, port }: Config): string {
  const address = formatAddress({ host, port });
  const { code, message, syscall } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: "", message: "unknown", syscall: "" };
  if (code === undefined || syscall !== "listen") return `Cannot start: ${message}`;
  if (toSocketPath(host) !== undefined) return `Cannot listen on ${address}: ${SOCKET_WORDS[code] ?? message}`;
  if (code === "EADDRINUSE")
    return `Cannot listen on ${address}: the port is taken. Stop the other program, or choose one with --port`;
  if (code === "EACCES") return `Cannot listen on ${address}: not allowed. Choose a port above 1023 with --port`;
  return `Cannot start: ${message}`;
}

/** SIGHUP comes when the terminal is closed. */
const END_SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Node restores the terminal's settings at its exit, and aborts (SIGABRT) when the terminal is gone; it skips closed
 * descriptors.
 */
function releaseTerminal(): void {
  if (process.platform === "win32") return;
  for (const descriptor of [0, 1, 2]) {
    try {
      closeSync(descriptor);
    } catch {
      // It was closed already.
    }
  }
}

/** Between two looks at whether the process that started this one is still there. */
const PARENT_LOOK_MS = 500;

/**
 * The shell between npm and a script passes no SIGTERM on: under `npm start` the server ends when that shell has, or
 * when npm has, which older releases of it do alone.
 */
function endWithNpm(end: () => void): void {
  if (process.env["npm_lifecycle_event"] !== "start") return;
  const ancestors = nameAncestors();
  const timer = setInterval(() => {
    if (nameAncestors() === ancestors) return;
    clearInterval(timer);
    end();
  }, PARENT_LOOK_MS);
  timer.unref();
}

async function runServer(config: Config): Promise<void> {
  const log = createLog(config.logLevel, config.logFile === undefined ? console.error : createLogFile(config.logFile));
  process.stdout.on("error", (error) => log.debug("stdout closed", { cause: error.message }));
  for (const warning of config.warnings) log.warn(warning);
  const served = await serve({ config, version, program, log });
  // Before anything is printed: whoever reads the address may end the server at once.
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(EXIT_FAILURE);
    isStopping = true;
    log.info("stopping", { signal });
    void served.stop().then(() => {
      releaseTerminal();
      process.exit(0);
    });
  };
  for (const signal of END_SIGNALS) process.on(signal, onSignal);
  // After Ctrl-C, which reaches both, the shell ends first: that is no second signal.
  endWithNpm(() => isStopping || onSignal("SIGTERM"));
  console.log(formatReady(version, served.url, config.demo));
  void served.status().then((status) => console.log(formatBanner(served.url, status, config)));
}

function exitUnless(isOk: boolean): void {
  if (!isOk) process.exitCode = EXIT_FAILURE;
}

async function main(): Promise<void> {
  // EPIPE or EIO (the reader has ended, the terminal is closed) would end the process without a listener. connect
  // may be about to write, and a server goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const command = readCommand(process.argv.slice(2), process.env);
  switch (command.type) {
    case "help":
      return void process.stdout.write(formatHelp());
    case "version":
      return console.log(version);
    case "serve":
      return runServer(command.config).catch((error: unknown) => {
        console.error(toSentence(error, command.config));
        process.exitCode = EXIT_FAILURE;
      });
    case "doctor":
      return exitUnless(await examine({ config: command.config, version, program }, command));
    case "usage":
      return exitUnless(await showUsage(command.config, command.isJson));
    case "connect": {
      // Loaded when it is asked for: its parsers are no part of the server.
      const { runConnect } = await import("./commands/connect/connect.ts");
      return exitUnless(await runConnect(command));
    }
    case "service":
      return exitUnless(await runService({ command, program, runtime: process.execPath }));
    case "completion":
      return void process.stdout.write(formatCompletion(command.shell));
  }
}

main().catch((error: unknown) => {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? error.message : error);
  process.exitCode = isUsage ? EXIT_USAGE : EXIT_FAILURE;
});
