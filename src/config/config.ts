/** The checked configuration: what the options say, and what is around them. */
import { homedir } from "node:os";
import { join } from "node:path";
import { isLoopback } from "../http/auth.ts";
import { toSocketPath } from "../lib/address.ts";
import { readFreeBytes } from "../lib/memory.ts";
import type { TelegramSettings } from "../notify/telegram.ts";
import { UsageError } from "./error.ts";
import { OPTION_ROWS, OPTIONS } from "./options.ts";
import type { OptionField, OptionValues } from "./options.ts";
import { readTelegram } from "./telegram.ts";

/** One field per row of `OPTIONS`, and these. */
export interface Config extends OptionValues {
  readonly telegram: TelegramSettings;
  /** Holds what must outlive the server, and transcripts for a moment; in the user's home. */
  readonly stateFolder: string;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Sentences for the log at the start of the server. */
  readonly warnings: readonly string[];
}

/** The texts given for each option, by its name; variables included. */
export type Given = ReadonlyMap<string, readonly string[]>;

/** Conditions between two options. */
function checkTogether({ host, apiKeys, tools }: OptionValues, environment: NodeJS.ProcessEnv): void {
  if (!isLoopback(host) && toSocketPath(host) === undefined && apiKeys.length === 0)
    throw new UsageError(
      `Cannot listen on ${host} without a key: add --api-key, or anyone who reaches this machine can use your plan`,
    );
  if (tools === "full" && process.getuid?.() === 0 && environment["IS_SANDBOX"] !== "1")
    throw new UsageError(
      "Cannot use --tools full as root: the CLI wants IS_SANDBOX=1 set, which says that this is a sandbox",
    );
}

const KEY_SHOWN =
  "--api-key on a command line can be seen by every user of this machine (ps): " +
  "set CLAUDE_MAX_API_API_KEY, in the environment or in a file for --variables";
const SERVERS_UNUSED = "--mcp-config has no effect with --tools none: its servers want web, workspace or full";

/** Reads every option. `typed` holds the flags alone. @throws UsageError. */
export function toConfig(given: Given, typed: Given, environment: NodeJS.ProcessEnv): Config {
  const home = homedir();
  const freeBytes = readFreeBytes();
  const values = OPTION_ROWS.map(([field, { name, default: text, read }]): readonly [OptionField, unknown] => {
    const texts = given.get(name) ?? (text === undefined ? [] : [text]);
    return [field, read(texts, { flag: `--${name}`, environment, home, freeBytes })];
  });
  // Each value was made by the reader of its own row, which is what OptionValues says of it.
  const options = Object.fromEntries(values) as OptionValues;
  checkTogether(options, environment);
  const warnings = [
    ...(typed.has(OPTIONS.apiKeys.name) ? [KEY_SHOWN] : []),
    ...(options.mcpConfig.length > 0 && options.tools === "none" ? [SERVERS_UNUSED] : []),
  ];
  const telegram = readTelegram(environment);
  return { ...options, telegram, stateFolder: join(home, ".claude-max-api"), home, environment, warnings };
}
