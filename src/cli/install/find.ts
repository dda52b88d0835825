/** Finds the user's CLI, its version and its login. Asks the CLI itself; reads no credential. */
import { access, constants, realpath, stat } from "node:fs/promises";
import { delimiter, dirname, join, resolve, win32 } from "node:path";
import { ProxyError } from "../../core/error.ts";
import { isObject, parseJson } from "../../lib/json.ts";
import { toExhaustedError } from "../process/exhausted.ts";
import { runCommand } from "../process/process.ts";
import type { ShortCommand } from "../process/process.ts";
import { isOlder, MINIMUM_VERSION } from "./release.ts";

/** Places where the CLI is looked for. */
export interface FindOptions {
  /** A path the user gave; then nothing else is looked at. */
  readonly given: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly home: string;
  /** This program's own file, for a checkout's development dependency. */
  readonly program: string;
}

const IS_WINDOWS = process.platform === "win32";
/** npm puts a script beside its folder of packages on Windows; the program itself is there. */
const NPM_PROGRAM = ["node_modules", "@anthropic-ai", "claude-code", "bin", "claude.exe"];

/** The files in a folder of PATH that may be the CLI. On Windows, `claude.cmd` needs a shell, and is passed by. */
export function toFiles(folder: string, isWindows: boolean): readonly string[] {
  if (!isWindows) return [join(folder, "claude")];
  return [win32.join(folder, "claude.exe"), win32.join(folder, ...NPM_PROGRAM)];
}

/** The folders of PATH, however Windows spells its name: a copy of the environment has it as it was spelled. */
export function toPathFolders(environment: NodeJS.ProcessEnv, isWindows: boolean): string[] {
  const name = isWindows ? Object.keys(environment).find((held) => held.toUpperCase() === "PATH") : "PATH";
  const path = environment[name ?? "PATH"] ?? "";
  return path.split(isWindows ? win32.delimiter : delimiter).filter((folder) => folder !== "");
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/**
 * PATH, the usual install places (services and desktop launchers have a short PATH), then a checkout's own dependency.
 */
async function toCandidates({ environment, home, program }: FindOptions): Promise<string[]> {
  const usual = [
    join(home, ".local/bin"),
    join(home, ".claude/local"),
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/usr/bin",
  ];
  // Where npm installs on Windows for one user, in case a service has a short PATH.
  const npm = environment["APPDATA"] ? [join(environment["APPDATA"], "npm")] : [];
  const own = await realpath(program).catch(() => program);
  const platform = `@anthropic-ai/claude-code-${process.platform}-${process.arch}`;
  const checkout = join(dirname(own), "..", "node_modules", platform);
  return [...toPathFolders(environment, IS_WINDOWS), ...usual, ...npm, checkout].flatMap((folder) =>
    toFiles(folder, IS_WINDOWS).map((file) => resolve(file)),
  );
}

/** In what way the CLI cannot be used: not there, no executable file, without a version, or too old to be safe. */
export type ClaudeFault = "missing" | "not_executable" | "silent" | "too_old";

/** The CLI cannot be used; `unavailable`, with its fault as a code. */
export class ClaudeError extends ProxyError {
  readonly fault: ClaudeFault;

  constructor(fault: ClaudeFault, message: string) {
    super("unavailable", message);
    this.fault = fault;
  }
}

/** The CLI's path. @throws ClaudeError when there is none. */
export async function findClaude(options: FindOptions): Promise<string> {
  const candidates = options.given === undefined ? await toCandidates(options) : [options.given];
  for (const candidate of candidates) if (await isExecutable(candidate)) return candidate;
  if (options.given !== undefined)
    throw new ClaudeError("not_executable", `Cannot run the claude CLI: ${options.given} is not an executable file`);
  throw new ClaudeError(
    "missing",
    "Cannot find the claude CLI: install it from https://claude.com/claude-code, or name it with --claude PATH",
  );
}

const VERSION_PATIENCE_MS = 15_000;

/** The CLI's version. @throws ClaudeError when it does not say one, or is too old to be safe. */
export async function readVersion(command: Omit<ShortCommand, "args">): Promise<string> {
  const { stdout, error } = await runCommand({ ...command, args: ["--version"] }, VERSION_PATIENCE_MS);
  const exhausted = toExhaustedError(error);
  if (exhausted) throw exhausted;
  const version = /^(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined)
    throw new ClaudeError("silent", `Cannot use ${command.file}: it does not tell its version`);
  if (!isOlder(version, MINIMUM_VERSION)) return version;
  throw new ClaudeError(
    "too_old",
    `Cannot use claude ${version}: ${MINIMUM_VERSION} or newer is needed. ` +
      "Run `claude update` or `npm install -g @anthropic-ai/claude-code`",
  );
}

/** The CLI's login, as `claude auth status` tells it (P91). */
export interface Login {
  readonly isLoggedIn: boolean;
  /** The CLI's word for how: `claude.ai`, `api_key`, `none` and so on. */
  readonly method: string;
  /** The API's provider: `firstParty`, `bedrock`, `vertex` and so on. */
  readonly provider?: string;
  /** The variable or helper that an API key comes from. */
  readonly keySource?: string;
}

/** Asks `claude auth status`; undefined when it gives no answer that can be read. */
export async function readLogin(command: Omit<ShortCommand, "args">): Promise<Login | undefined> {
  const { stdout } = await runCommand({ ...command, args: ["auth", "status"] }, VERSION_PATIENCE_MS);
  const status = parseJson(stdout);
  if (!isObject(status) || typeof status["loggedIn"] !== "boolean") return undefined;
  const { loggedIn, authMethod: method, apiProvider: provider, apiKeySource: keySource } = status;
  return {
    isLoggedIn: loggedIn === true,
    method: typeof method === "string" ? method : "unknown",
    ...(typeof provider === "string" ? { provider } : {}),
    ...(typeof keySource === "string" ? { keySource } : {}),
  };
}
