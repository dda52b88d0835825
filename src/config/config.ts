/** The command line and the environment, as one checked configuration. A flag wins over `CLAUDE_MAX_API_<NAME>`. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { isLoopback } from "../http/auth.ts";
import { PROFILES } from "../core/profile.ts";
import type { Profile } from "../core/profile.ts";
import { LOG_LEVELS } from "../lib/log.ts";
import type { LogLevel } from "../lib/log.ts";
import { readPrivateVariables } from "../lib/variables.ts";
import type { TelegramSettings } from "../notify/telegram.ts";

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly apiKeys: readonly string[];
  /** A path the user gave; undefined looks for the CLI. */
  readonly claude: string | undefined;
  readonly tools: Profile;
  readonly workspace: string;
  readonly settingSources: string;
  readonly maxConcurrent: number;
  readonly maxQueue: number;
  readonly maxSessions: number;
  readonly idleSeconds: number;
  readonly spares: number;
  readonly activityTimeoutSeconds: number;
  readonly aliases: ReadonlyMap<string, string>;
  readonly allowedOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
  readonly logLevel: LogLevel;
  readonly telegram: TelegramSettings;
  /** Where the log goes instead of stderr. */
  readonly logFile: string | undefined;
  /** Where some of the variables came from. */
  readonly envFile: string | undefined;
  readonly demo: boolean;
  /** Where the server keeps what must outlive it, and transcripts for a moment. */
  readonly stateFolder: string;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** A command line or variable that cannot be used; the message is one sentence for the user. */
export class UsageError extends Error {}

export interface Option {
  readonly hint?: string;
  readonly help: string;
}

/** The server's options, in the order of the help. An option without a hint is a switch. */
export const OPTIONS = {
  port: { hint: "PORT", help: "port to listen on; 0 picks a free one (3456)" },
  host: { hint: "HOST", help: "address to listen on; other than loopback needs --api-key (127.0.0.1, with ::1)" },
  "api-key": { hint: "KEY[,KEY]", help: "keys clients must send; none asks for no key" },
  claude: { hint: "PATH", help: "the claude CLI; else PATH and the usual install places are searched" },
  tools: {
    hint: "PROFILE",
    help: "the CLI's own tools: none, web, workspace, full; see the README before full (none)",
  },
  workspace: { hint: "DIR", help: "working directory of the CLI (~/.claude-max-api/workspace)" },
  "setting-sources": { hint: "LIST", help: "user settings the CLI loads: user,project,local (none)" },
  "max-concurrent": { hint: "N", help: "turns at once (4)" },
  "max-queue": { hint: "N", help: "turns that may wait; past that clients get 429 (64)" },
  "max-sessions": { hint: "N", help: "live CLI processes kept between turns (4)" },
  "idle-seconds": { hint: "N", help: "how long they are kept unused (600)" },
  spares: { hint: "N", help: "CLI processes kept warm for new conversations (1)" },
  "activity-timeout": { hint: "SECONDS", help: "longest silence of the CLI before a turn is ended (600)" },
  alias: { hint: "NAME=MODEL", help: "serve MODEL under NAME too; may be repeated" },
  "allow-origin": { hint: "ORIGIN", help: "let pages of this origin in; may be repeated" },
  "allow-host": { hint: "NAME", help: "accept this Host name; may be repeated" },
  "log-level": { hint: "LEVEL", help: `${LOG_LEVELS.join(", ")} (info; debug when DEBUG is set)` },
  "log-file": { hint: "PATH", help: "append the log to this file instead of stderr" },
  "env-file": { hint: "PATH", help: "read variables from this file; others must not be able to read it" },
  demo: { help: "answer from a built-in echo model: no account, no network, the real CLI" },
  version: { help: "print the version" },
  help: { help: "print this help" },
} as const satisfies Record<string, Option>;

type OptionName = keyof typeof OPTIONS;

interface CommandShape {
  readonly help: string;
  /** The words one of which must follow. */
  readonly words: readonly string[];
  /** What it takes besides the server's options. */
  readonly options: Readonly<Record<string, Option>>;
  /** Whether it takes the server's options too. */
  readonly hasServerOptions: boolean;
}

/** What can be run; the first is run when none is named. */
export const COMMANDS = {
  serve: { help: "start the server, as no command at all does", words: [], options: {}, hasServerOptions: true },
  doctor: {
    help: "check the CLI, its login, the port and the workspace",
    words: [],
    options: { json: { help: "print the findings as JSON" }, live: { help: "ask the model one tiny question too" } },
    hasServerOptions: true,
  },
  service: {
    help: "run at login, with the options given to install",
    words: ["install", "uninstall", "status", "logs"],
    options: {
      print: { help: "show what would be written and run" },
      platform: { hint: "NAME", help: "with --print: darwin, linux, win32" },
    },
    hasServerOptions: true,
  },
  completion: {
    help: "print a completion script",
    words: ["bash", "zsh", "fish"],
    options: {},
    hasServerOptions: false,
  },
} as const satisfies Record<string, CommandShape>;

export type CommandName = keyof typeof COMMANDS;
type AnyOption = OptionName | "json" | "live" | "print" | "platform";

/** The help text, by example first. */
export function formatHelp(): string {
  const rows = Object.entries(OPTIONS).map(([name, option]) => {
    const flag = "hint" in option ? `--${name} ${option.hint}` : `--${name}`;
    return `  ${flag.padEnd(26)}${option.help}`;
  });
  return `claude-max-api: an OpenAI-compatible API on this machine, answered by your own claude CLI

  $ claude-max-api
    serve on http://127.0.0.1:3456/v1

  $ claude-max-api --demo
    the same with a built-in echo model: no account, no network

  $ claude-max-api --port 8080 --alias gpt-4o=claude-sonnet-4
    another port, and a name that a client insists on

  $ claude-max-api --host 0.0.0.0 --api-key "$(openssl rand -hex 24)"
    reachable from your network, with a key

  $ claude-max-api doctor
    say what is wrong, and the command that mends it; --live asks one tiny question, --json is for programs

  $ claude-max-api service install --port 8080
    start at login with these options; also uninstall, status, logs; --print only shows it

  $ claude-max-api completion bash
    print a completion script; also zsh, fish

Options (each is also an environment variable, such as CLAUDE_MAX_API_PORT):
${rows.join("\n")}

Progress on Telegram is set by TELEGRAM_BOT_TOKEN, TELEGRAM_NOTIFY_ID and TELEGRAM_API_URL; see the README.
`;
}

type Values = ReadonlyMap<AnyOption, readonly string[]>;

/** Every option there is, the commands' own among them. */
const ALL_OPTIONS: Readonly<Record<string, Option>> = Object.assign(
  {},
  OPTIONS,
  ...Object.values(COMMANDS).map(({ options }) => options),
);

function readFlags(args: readonly string[]): {
  values: Map<AnyOption, readonly string[]>;
  positionals: readonly string[];
} {
  const options = Object.fromEntries(
    Object.entries(ALL_OPTIONS).map(([name, { hint }]) => [
      name,
      { type: hint === undefined ? ("boolean" as const) : ("string" as const), multiple: true },
    ]),
  );
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const given = Object.entries(parsed.values).map(
      ([name, list]) => [name as AnyOption, [list ?? []].flat().map(String)] as const,
    );
    return { values: new Map(given), positionals: parsed.positionals };
  } catch (error) {
    // Node adds advice about "--", in sentences of its own.
    throw new UsageError(
      error instanceof Error ? (error.message.split(/\n|\. /)[0] ?? "") : "Cannot read the command line",
    );
  }
}

/** Adds the variables of `--env-file`; those that are set win over it. @throws UsageError. */
function addFile(values: Values, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const path = toLast(values, "env-file") ?? environment["CLAUDE_MAX_API_ENV_FILE"];
  if (path === undefined || path === "") return environment;
  try {
    return { ...readPrivateVariables(path), ...environment };
  } catch (error) {
    throw new UsageError(
      `Cannot use --env-file ${path}: ${error instanceof Error ? error.message : "it cannot be read"}`,
    );
  }
}

/** Adds what only the environment says. Lists are separated by commas there. */
function addVariables(values: Map<AnyOption, readonly string[]>, environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(OPTIONS) as OptionName[]) {
    const text = environment[`CLAUDE_MAX_API_${name.replaceAll("-", "_").toUpperCase()}`];
    if (text !== undefined && text !== "" && !values.has(name)) values.set(name, [text]);
  }
}

function toWhole(values: Values, name: AnyOption, fallback: number, [least, most]: readonly [number, number]): number {
  const text = values.get(name)?.at(-1);
  if (text === undefined) return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`Cannot use --${name} ${text}: expected a whole number from ${least} to ${most}`);
}

const toLast = (values: Values, name: AnyOption): string | undefined => values.get(name)?.at(-1);

function toList(values: Values, name: AnyOption): string[] {
  return (values.get(name) ?? [])
    .flatMap((text) => text.split(","))
    .map((text) => text.trim())
    .filter((text) => text !== "");
}

function toAliases(values: Values): ReadonlyMap<string, string> {
  const pairs = toList(values, "alias").map((text): readonly [string, string] => {
    const [name, model, ...rest] = text.split("=");
    if (name && model && rest.length === 0) return [name, model];
    throw new UsageError(`Cannot use --alias ${text}: expected NAME=MODEL`);
  });
  return new Map(pairs);
}

function toTools(values: Values, environment: NodeJS.ProcessEnv): Profile {
  const text = toLast(values, "tools") ?? "none";
  const tools = PROFILES.find((known) => known === text);
  if (tools === undefined) throw new UsageError(`Cannot use --tools ${text}: expected one of ${PROFILES.join(", ")}`);
  if (tools === "full" && process.getuid?.() === 0 && environment["IS_SANDBOX"] !== "1") {
    throw new UsageError(
      "Cannot use --tools full as root: the CLI wants IS_SANDBOX=1 set, which says that this is a sandbox",
    );
  }
  return tools;
}

const CHAT = /^(-?\d{1,20}|@\w{4,32})$/;

/** Where turns are told of; nowhere without a chat. No message shows the token. */
function toTelegram(environment: NodeJS.ProcessEnv): TelegramSettings {
  const { TELEGRAM_NOTIFY_ID: listed = "", TELEGRAM_BOT_TOKEN: token = "", TELEGRAM_API_URL: url } = environment;
  const chats = listed
    .split(",")
    .map((chat) => chat.trim())
    .filter((chat) => chat !== "");
  const apiUrl = (url || "https://api.telegram.org").replace(/\/+$/, "");
  if (chats.length === 0) return { token: "", chats, apiUrl };
  const strange = chats.find((chat) => !CHAT.test(chat));
  if (strange !== undefined)
    throw new UsageError(
      `Cannot use TELEGRAM_NOTIFY_ID ${strange}: expected chat ids such as 123456789, separated by commas`,
    );
  if (!/^[\w:-]+$/.test(token))
    throw new UsageError(
      "Cannot use TELEGRAM_NOTIFY_ID: TELEGRAM_BOT_TOKEN must hold the bot's token, as @BotFather gives it",
    );
  if (!/^https?:\/\//.test(apiUrl) || !URL.canParse(apiUrl))
    throw new UsageError("Cannot use TELEGRAM_API_URL: expected an http or https address");
  return { token, chats, apiUrl };
}

function toLogLevel(values: Values, environment: NodeJS.ProcessEnv): LogLevel {
  const text = toLast(values, "log-level");
  if (text === undefined) return environment["DEBUG"] ? "debug" : "info";
  const level = LOG_LEVELS.find((known) => known === text);
  if (level) return level;
  throw new UsageError(`Cannot use --log-level ${text}: expected one of ${LOG_LEVELS.join(", ")}`);
}

function toOrigins(values: Values): string[] {
  return toList(values, "allow-origin").map((text) => {
    // Extensions and desktop shells have schemes of their own, whose origin URL does not spell.
    if (/^[a-z][a-z0-9+.-]*:\/\/[^/\s\p{Lu}]+$/u.test(text) && URL.canParse(text)) return text;
    throw new UsageError(`Cannot use --allow-origin ${text}: expected an origin such as http://localhost:5173`);
  });
}

function isOn(values: Values, name: AnyOption): boolean {
  const text = toLast(values, name);
  return text !== undefined && text !== "false" && text !== "0";
}

function toPath(values: Values, name: AnyOption): string | undefined {
  const text = toLast(values, name);
  return text === undefined ? undefined : resolve(text);
}

/** What the command line asks for. */
export type Command =
  | { readonly type: "help" | "version" }
  | { readonly type: "serve"; readonly config: Config }
  | { readonly type: "doctor"; readonly config: Config; readonly isJson: boolean; readonly isLive: boolean }
  | ServiceCommand
  | { readonly type: "completion"; readonly shell: Shell };

export type Shell = (typeof COMMANDS.completion.words)[number];
export type ServiceAction = (typeof COMMANDS.service.words)[number];

/** The systems whose services are known. */
export const PLATFORMS = ["darwin", "linux", "win32"] as const;
export type Platform = (typeof PLATFORMS)[number];

export interface ServiceCommand {
  readonly type: "service";
  readonly action: ServiceAction;
  readonly config: Config;
  /** The server's options as flags, each spelt out, without secrets. */
  readonly flags: readonly string[];
  readonly isPrint: boolean;
  readonly platform: Platform;
}

const HOUR_SECONDS = 3600;

function toConfig(values: Values, environment: NodeJS.ProcessEnv): Config {
  const host = toLast(values, "host") ?? "127.0.0.1";
  const apiKeys = toList(values, "api-key");
  if (!isLoopback(host) && apiKeys.length === 0) {
    throw new UsageError(
      `Cannot listen on ${host} without a key: add --api-key, or anyone who reaches this machine can use your plan`,
    );
  }
  const home = homedir();
  const stateFolder = join(home, ".claude-max-api");
  return {
    port: toWhole(values, "port", 3456, [0, 65_535]),
    host,
    apiKeys,
    claude: toPath(values, "claude"),
    tools: toTools(values, environment),
    workspace: toPath(values, "workspace") ?? join(stateFolder, "workspace"),
    settingSources: toLast(values, "setting-sources") ?? "",
    maxConcurrent: toWhole(values, "max-concurrent", 4, [1, 100]),
    maxQueue: toWhole(values, "max-queue", 64, [0, 10_000]),
    maxSessions: toWhole(values, "max-sessions", 4, [0, 100]),
    idleSeconds: toWhole(values, "idle-seconds", 600, [1, 24 * HOUR_SECONDS]),
    spares: toWhole(values, "spares", 1, [0, 20]),
    activityTimeoutSeconds: toWhole(values, "activity-timeout", 600, [1, 24 * HOUR_SECONDS]),
    aliases: toAliases(values),
    allowedOrigins: toOrigins(values),
    allowedHosts: toList(values, "allow-host"),
    logLevel: toLogLevel(values, environment),
    telegram: toTelegram(environment),
    logFile: toPath(values, "log-file"),
    envFile: toPath(values, "env-file"),
    demo: isOn(values, "demo"),
    stateFolder,
    home,
    environment,
  };
}

const NOT_CARRIED: readonly string[] = ["api-key", "env-file", "version", "help"];
const PATHS: readonly string[] = ["claude", "workspace", "log-file"];

/** The options as flags that mean the same wherever they are read. Keys are left out: other users can see a command line. */
function toFlags(values: Values): string[] {
  const names = (Object.keys(OPTIONS) as OptionName[]).filter(
    (name) => values.has(name) && !NOT_CARRIED.includes(name),
  );
  return names.flatMap((name) => {
    if (!("hint" in OPTIONS[name])) return isOn(values, name) ? [`--${name}`] : [];
    return (values.get(name) ?? []).flatMap((text) => [`--${name}`, PATHS.includes(name) ? resolve(text) : text]);
  });
}

function toPlatform(values: Values): Platform {
  const text = toLast(values, "platform") ?? process.platform;
  const platform = PLATFORMS.find((known) => known === text);
  if (platform === undefined)
    throw new UsageError(`Cannot run a service on ${text}: expected one of ${PLATFORMS.join(", ")}`);
  if (platform !== process.platform && !values.has("print"))
    throw new UsageError("Cannot use --platform without --print");
  return platform;
}

interface Words {
  readonly name: CommandName;
  readonly word: string;
}

/** The command and the word that follows it, and no option that belongs to another. */
function readWords(positionals: readonly string[], values: Values): Words {
  const [text = "serve", word = "", ...rest] = positionals;
  const name = (Object.keys(COMMANDS) as CommandName[]).find((known) => known === text);
  if (name === undefined || rest.length > 0)
    throw new UsageError(`Cannot run ${positionals.join(" ")}: see claude-max-api --help`);
  const { words, options, hasServerOptions }: CommandShape = COMMANDS[name];
  if (words.length === 0 ? word !== "" : !words.includes(word)) {
    const advice = words.length === 0 ? "see claude-max-api --help" : `expected one of ${words.join(", ")}`;
    throw new UsageError(`Cannot run ${positionals.join(" ")}: ${advice}`);
  }
  const strange = [...values.keys()].find((option) => !(option in options) && !(hasServerOptions && option in OPTIONS));
  if (strange !== undefined) throw new UsageError(`Cannot use --${strange} with ${name}: see claude-max-api --help`);
  return { name, word };
}

/** Reads the command line, without the program's own name. @throws UsageError. */
export function readCommand(args: readonly string[], given: NodeJS.ProcessEnv): Command {
  const { values, positionals } = readFlags(args);
  if (values.has("help")) return { type: "help" };
  if (values.has("version")) return { type: "version" };
  const { name, word } = readWords(positionals, values);
  if (name === "completion") return { type: name, shell: word as Shell };
  const environment = addFile(values, given);
  addVariables(values, environment);
  const config = toConfig(values, environment);
  switch (name) {
    case "serve":
      return { type: name, config };
    case "doctor":
      return { type: name, config, isJson: isOn(values, "json"), isLive: isOn(values, "live") };
    case "service":
      return {
        type: name,
        action: word as ServiceAction,
        config,
        flags: toFlags(values),
        isPrint: isOn(values, "print"),
        platform: toPlatform(values),
      };
  }
}
