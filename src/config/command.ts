/** The command line as a command with its configuration. A flag wins over `CLAUDE_MAX_API_<NAME>`. */
import { homedir } from "node:os";
import { readPrivateVariables } from "../lib/envfile.ts";
import { findNearest } from "../lib/nearest.ts";
import { COMMAND_ROWS, COMMANDS, PLATFORMS } from "./commands.ts";
import type { CommandName, CommandRow, Platform, ServiceAction, Shell } from "./commands.ts";
import { toConfig } from "./config.ts";
import type { Config, Given } from "./config.ts";
import { UsageError } from "./error.ts";
import { readTyped, toAdvice } from "./flags.ts";
import type { Typed } from "./flags.ts";
import { toFullPath, toSwitch, toVariableName } from "./option.ts";
import { OPTION_ROWS, OPTIONS } from "./options.ts";

/** The service command. */
export interface ServiceCommand {
  readonly type: "service";
  readonly action: ServiceAction;
  readonly config: Config;
  /** The server's options as flags, each spelt out, without secrets. */
  readonly flags: readonly string[];
  readonly isPrint: boolean;
  readonly platform: Platform;
}

/** The connect command. */
export interface ConnectCommand {
  readonly type: "connect";
  readonly config: Config;
  /** The client as it was typed; undefined lists all clients. */
  readonly client: string | undefined;
  /** The model to begin with, as it was typed. */
  readonly model: string | undefined;
  readonly isPrint: boolean;
  readonly isUndo: boolean;
}

/** A command with all that it needs to run. */
export type Command =
  | { readonly type: "help" | "version" }
  | { readonly type: "serve"; readonly config: Config }
  | { readonly type: "doctor"; readonly config: Config; readonly isJson: boolean; readonly isLive: boolean }
  | { readonly type: "usage"; readonly config: Config; readonly isJson: boolean }
  | ConnectCommand
  | ServiceCommand
  | { readonly type: "completion"; readonly shell: Shell };

/** Adds the variables of the file that is named; those that are set win over it. @throws UsageError. */
function addFile(typed: Given, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { name } = OPTIONS.variables;
  const path = typed.get(name)?.at(-1) ?? environment[toVariableName(name)];
  if (path === undefined || path === "") return environment;
  try {
    return { ...readPrivateVariables(toFullPath(path, homedir())), ...environment };
  } catch (error) {
    throw new UsageError(
      `Cannot use --${name} ${path}: ${error instanceof Error ? error.message : "it cannot be read"}`,
    );
  }
}

/**
 * The flags, and the variables of the options that have no flag. A blank variable counts for secrets alone, to be
 * refused.
 */
function addVariables(typed: Given, environment: NodeJS.ProcessEnv): Given {
  const given = new Map(typed);
  for (const [, { name, kind }] of OPTION_ROWS) {
    const text = environment[toVariableName(name)];
    if (text === undefined || given.has(name) || (text === "" && kind !== "secret")) continue;
    given.set(name, [text]);
  }
  return given;
}

/**
 * The options as flags that mean the same from every folder. Secrets are left out: other users can see a command line.
 */
function toServiceFlags(given: Given, home: string): string[] {
  return OPTION_ROWS.flatMap(([, { name, kind, read }]) => {
    const texts = given.get(name) ?? [];
    if (texts.length === 0) return [];
    const context = { flag: name, environment: {}, freeBytes: 0, home };
    const toFlag = (text: unknown): string[] => [`--${name}`, String(text)];
    switch (kind) {
      case "secret":
      case "source":
        return [];
      case "switch":
        return toSwitch(texts, context) ? [`--${name}`] : [];
      case "path":
      case "address":
        return [read(texts, context)].flat().flatMap(toFlag);
      case "value":
      case "list":
        return texts.flatMap(toFlag);
    }
  });
}

function toPlatform(typed: Given): Platform {
  const text = typed.get("platform")?.at(-1) ?? process.platform;
  const platform = PLATFORMS.find((known) => known === text);
  if (platform === undefined)
    throw new UsageError(`Cannot run a service on ${text}: expected one of ${PLATFORMS.join(", ")}`);
  if (platform !== process.platform && !typed.has("print"))
    throw new UsageError("Cannot use --platform without --print");
  return platform;
}

interface Asked {
  readonly name: CommandName;
  readonly word: string;
}

/** The command and the word that follows it. @throws UsageError also for a flag that belongs to another command. */
function readWords({ words: typedWords, flags }: Typed): Asked {
  const [text = "serve", word = "", ...rest] = typedWords;
  const line = typedWords.join(" ");
  const name = COMMAND_ROWS.map(([known]) => known).find((known) => known === text);
  if (name === undefined || rest.length > 0) {
    const nearest = name === undefined ? findNearest(text, Object.keys(COMMANDS)) : undefined;
    throw new UsageError(`Cannot run ${line}: ${toAdvice(nearest)}`);
  }
  const { words, isWordOptional, options, hasServerOptions }: CommandRow = COMMANDS[name];
  const isMissing = word === "";
  if (isMissing ? words.length > 0 && isWordOptional !== true : !words.includes(word))
    throw new UsageError(
      `Cannot run ${line}: ${words.length === 0 ? toAdvice(undefined) : `expected one of ${words.join(", ")}`}`,
    );
  const own = options.map((option) => option.name);
  const allowed = new Set(hasServerOptions ? [...own, ...OPTION_ROWS.map(([, row]) => row.name)] : own);
  const strange = [...flags.keys()].find((flag) => !allowed.has(flag));
  if (strange !== undefined) throw new UsageError(`Cannot use --${strange} with ${name}: see claude-max-api --help`);
  return { name, word };
}

/** @throws UsageError for switches that mean nothing together, or nothing without a client. */
function toConnectCommand(config: Config, flags: Given, word: string): ConnectCommand {
  const model = flags.get("model")?.at(-1);
  const isPrint = flags.has("print");
  const isUndo = flags.has("undo");
  if (word === "" && (isPrint || isUndo || model !== undefined))
    throw new UsageError("Cannot run connect: name the client; claude-max-api connect lists them");
  if (isUndo && model !== undefined) throw new UsageError("Cannot use --model with --undo");
  return { type: "connect", config, client: word === "" ? undefined : word, model, isPrint, isUndo };
}

/** Reads the command line, without the program's own name. @throws UsageError. */
export function readCommand(args: readonly string[], given: NodeJS.ProcessEnv): Command {
  const typed = readTyped(args);
  const { flags } = typed;
  if (flags.has("help") || typed.words[0] === "help") return { type: "help" };
  if (flags.has("version") || typed.words[0] === "version") return { type: "version" };
  const { name, word } = readWords(typed);
  if (name === "completion") return { type: name, shell: word as Shell };
  const environment = addFile(flags, given);
  const all = addVariables(flags, environment);
  const config = toConfig(all, flags, environment);
  switch (name) {
    case "serve":
      return { type: name, config };
    case "doctor":
      return { type: name, config, isJson: flags.has("json"), isLive: flags.has("live") };
    case "usage":
      return { type: name, config, isJson: flags.has("json") };
    case "connect":
      return toConnectCommand(config, flags, word);
    case "service":
      return {
        type: name,
        action: word as ServiceAction,
        config,
        flags: toServiceFlags(all, config.home),
        isPrint: flags.has("print"),
        platform: toPlatform(flags),
      };
  }
}
