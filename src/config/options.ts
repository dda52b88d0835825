/** The server's options, one row each, in the order of the help. The keys are the fields of `Config`. */
import { FAMILY_NAMES } from "../core/model.ts";
import { PROFILES } from "../core/profile.ts";
import { LOG_LEVELS } from "../lib/log.ts";
import { toChoice, toOptionalPath, toPath, toPaths, toSwitch, toWhole } from "./option.ts";
import type { Option } from "./option.ts";
import { DAY_SECONDS, SETTING_SOURCES, toAliases, toHost, toHostNames, toHostRules, toIdleSeconds } from "./reader.ts";
import { toKeys, toLogLevel, toOrigins, toSettingSources, toSpareCount } from "./reader.ts";

const EXTRA_USAGE = ["allow", "stop"] as const;

/** A new option is a new row: its flag, variable, help, completion, service flag and README line follow from it. */
export const OPTIONS = {
  port: {
    name: "port",
    hint: "PORT",
    help: "port to listen on; 0 picks a free one",
    default: "3456",
    kind: "value",
    read: toWhole(0, 65_535),
  },
  host: {
    name: "host",
    hint: "HOST",
    help: "address to listen on; other than loopback needs a key; unix:/path is a private socket",
    more: "`127.0.0.1` includes `::1`, so that `localhost` works either way",
    default: "127.0.0.1",
    kind: "address",
    read: toHost,
  },
  apiKeys: {
    name: "api-key",
    hint: "KEY[,KEY]",
    help: "keys clients must send; best set as the variable, since ps shows a flag",
    more:
      "`NAME:KEY` gives one a name, which [usage](#usage) is told by; sent as `Authorization: Bearer` or " +
      "`x-api-key`; see [Safety](#safety)",
    kind: "secret",
    read: toKeys,
  },
  claude: {
    name: "claude",
    hint: "PATH",
    help: "the claude CLI",
    more: "else `PATH`, the usual install places and a checkout's own dev dependency are searched",
    shown: "found",
    kind: "path",
    read: toOptionalPath,
  },
  tools: {
    name: "tools",
    hint: "PROFILE",
    help: `the CLI's own tools: ${PROFILES.join(", ")}; see the README before full`,
    more: "[more below](#the-clis-own-tools)",
    default: "none",
    kind: "value",
    values: PROFILES,
    read: toChoice(PROFILES),
  },
  workspace: {
    name: "workspace",
    hint: "DIR",
    help: "working directory of the CLI, private to you",
    default: "~/.claude-max-api/workspace",
    kind: "path",
    read: toPath,
  },
  mcpConfig: {
    name: "mcp-config",
    hint: "FILE[,FILE]",
    help: "MCP servers for the model, in the claude CLI's own format; wants --tools web or more",
    more: "may be repeated; see [MCP servers](#mcp-servers)",
    kind: "path",
    read: toPaths,
  },
  requestMcpHosts: {
    name: "allow-request-mcp",
    hint: "HOST[,HOST]",
    help: "let requests name MCP servers on these hosts, by https; 127.0.0.1:PORT allows http on loopback",
    more: "with `:PORT` for another port than the usual one; see [MCP servers](#mcp-servers-of-a-request)",
    kind: "list",
    read: toHostRules,
  },
  settingSources: {
    name: "setting-sources",
    hint: "LIST",
    help: `user settings the CLI loads: ${SETTING_SOURCES.join(", ")}`,
    more: "none keeps hooks, CLAUDE.md and MCP servers out of API answers",
    kind: "value",
    values: SETTING_SOURCES,
    read: toSettingSources,
  },
  maxConcurrent: {
    name: "max-concurrent",
    hint: "N",
    help: "turns at once",
    default: "4",
    kind: "value",
    read: toWhole(1, 100),
  },
  maxQueue: {
    name: "max-queue",
    hint: "N",
    help: "turns that may wait; past that clients get 429",
    default: "64",
    kind: "value",
    read: toWhole(0, 10_000),
  },
  maxSessions: {
    name: "max-sessions",
    hint: "N",
    help: "live CLI processes kept between turns",
    more: "about 200 MB each",
    default: "4",
    kind: "value",
    read: toWhole(0, 100),
  },
  idleSeconds: {
    name: "idle-seconds",
    hint: "N",
    help: "how long they are kept unused, held tool calls included",
    more: "the prompt cache of a plan lives for an hour",
    shown: "3600; 600 with less than 8 GB of memory free",
    kind: "value",
    read: toIdleSeconds,
  },
  spares: {
    name: "spares",
    hint: "N",
    help: "CLI processes kept warm; auto keeps one, and more while they are needed",
    default: "auto",
    kind: "value",
    values: ["auto"],
    read: toSpareCount,
  },
  maxSpares: {
    name: "max-spares",
    hint: "N",
    help: "most that --spares auto keeps warm",
    more: "about 150 MB each",
    default: "4",
    kind: "value",
    read: toWhole(1, 20),
  },
  planReserve: {
    name: "plan-reserve",
    hint: "PERCENT",
    help: "part of the plan kept for you: past it clients get 429 until the reset",
    more: "of the 5-hour and the weekly window; see [Usage](#usage)",
    default: "0",
    kind: "value",
    read: toWhole(0, 99),
  },
  extraUsage: {
    name: "extra-usage",
    hint: "MODE",
    help: "allow, or stop: no turn once paid extra usage takes the plan's place",
    default: "allow",
    kind: "value",
    values: EXTRA_USAGE,
    read: toChoice(EXTRA_USAGE),
  },
  activityTimeoutSeconds: {
    name: "activity-timeout",
    hint: "SECONDS",
    help: "longest silence of the CLI before a turn is ended with 504",
    default: "600",
    kind: "value",
    read: toWhole(1, DAY_SECONDS),
  },
  aliases: {
    name: "alias",
    hint: "NAME=MODEL",
    help: "serve MODEL under NAME too; may be repeated",
    kind: "list",
    targets: FAMILY_NAMES,
    read: toAliases,
  },
  allowedOrigins: {
    name: "allow-origin",
    hint: "ORIGIN",
    help: "let web pages of this origin in; may be repeated",
    kind: "list",
    read: toOrigins,
  },
  allowedHosts: {
    name: "allow-host",
    hint: "NAME",
    help: "accept this Host name; may be repeated",
    kind: "list",
    read: toHostNames,
  },
  logLevel: {
    name: "log-level",
    hint: "LEVEL",
    help: LOG_LEVELS.join(", "),
    more: "only `trace` holds message content",
    shown: "info; debug when DEBUG is set",
    kind: "value",
    values: LOG_LEVELS,
    read: toLogLevel,
  },
  logFile: {
    name: "log-file",
    hint: "PATH",
    help: "append the log to this file instead of stderr",
    more: "past 10 MB it is set aside as `PATH.1`",
    shown: "stderr",
    kind: "path",
    read: toOptionalPath,
  },
  variables: {
    name: "variables",
    hint: "FILE",
    help: "read variables from this file; others must not be able to read it",
    more: "the place for `CLAUDE_MAX_API_API_KEY`",
    kind: "source",
    read: toOptionalPath,
  },
  demo: {
    name: "demo",
    help: "answer from a built-in echo model: no account, no network; needs the claude CLI",
    shown: "off",
    kind: "switch",
    read: toSwitch,
  },
} as const satisfies Readonly<Record<string, Option>>;

/** A field of `Config` that an option sets. */
export type OptionField = keyof typeof OPTIONS;

/** The values of all options. */
export type OptionValues = { readonly [Field in OptionField]: ReturnType<(typeof OPTIONS)[Field]["read"]> };

/** The rows in the order of the help, each with its field. */
export const OPTION_ROWS: readonly (readonly [OptionField, Option])[] = Object.entries(OPTIONS) as [
  OptionField,
  Option,
][];
