/** The commands, one row each, with the options that only they take. */
import { CONNECTABLE } from "../client/table.ts";
import { toChoice, toLast, toSwitch } from "./option.ts";
import type { Option } from "./option.ts";

/** One row. */
export interface CommandRow {
  /** One line. */
  readonly help: string;
  /** The words one of which must follow; none takes no word. */
  readonly words: readonly string[];
  /** True when the word may be left out. */
  readonly isWordOptional?: boolean;
  /** Options of its own, in the order of the help. */
  readonly options: readonly Option[];
  /** True when it takes the server's options too. */
  readonly hasServerOptions: boolean;
}

/** The systems whose services are known, by Node's names. */
export const PLATFORMS = ["darwin", "linux", "win32"] as const;
/** A system whose services are known. */
export type Platform = (typeof PLATFORMS)[number];

/** All commands; the first is run when none is named. */
export const COMMANDS = {
  serve: { help: "start the server, as no command at all does", words: [], options: [], hasServerOptions: true },
  doctor: {
    help: "check the CLI, its login, the port and the workspace",
    words: [],
    options: [
      { name: "json", help: "print the findings as JSON", kind: "switch", read: toSwitch },
      { name: "live", help: "ask the model one tiny question too", kind: "switch", read: toSwitch },
    ],
    hasServerOptions: true,
  },
  usage: {
    help: "show what is left of the plan, and what used it",
    words: [],
    options: [{ name: "json", help: "print all of it as JSON", kind: "switch", read: toSwitch }],
    hasServerOptions: true,
  },
  connect: {
    help: "set a client up for this server; without a name, list them",
    words: CONNECTABLE.map(({ id }) => id),
    isWordOptional: true,
    options: [
      { name: "model", hint: "MODEL", help: "the model to begin with", kind: "value", read: toLast },
      { name: "print", help: "only show what would be written", kind: "switch", read: toSwitch },
      { name: "undo", help: "put back what was there", kind: "switch", read: toSwitch },
    ],
    hasServerOptions: true,
  },
  service: {
    help: "run at login, with the options given to install",
    words: ["install", "uninstall", "status", "logs"],
    options: [
      { name: "print", help: "show what would be written and run", kind: "switch", read: toSwitch },
      {
        name: "platform",
        hint: "NAME",
        help: `with --print: ${PLATFORMS.join(", ")}`,
        kind: "value",
        values: PLATFORMS,
        read: toChoice(PLATFORMS),
      },
    ],
    hasServerOptions: true,
  },
  completion: {
    help: "print a completion script",
    words: ["bash", "zsh", "fish"],
    options: [],
    hasServerOptions: false,
  },
} as const satisfies Readonly<Record<string, CommandRow>>;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;
/** A shell that completion scripts are made for. */
export type Shell = (typeof COMMANDS.completion.words)[number];
/** An action of `service`. */
export type ServiceAction = (typeof COMMANDS.service.words)[number];

/** Options that end the program before any command is looked at. */
export const ENDING_OPTIONS = [
  { name: "version", short: "v", help: "print the version", kind: "switch", read: toSwitch },
  { name: "help", short: "h", help: "print this help", kind: "switch", read: toSwitch },
] as const satisfies readonly (Option & { readonly short: string })[];

/** The rows as a list, for those that look at all of them. */
export const COMMAND_ROWS: readonly (readonly [CommandName, CommandRow])[] = Object.entries(COMMANDS) as [
  CommandName,
  CommandRow,
][];
