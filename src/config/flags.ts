/** Flags as they were typed: split, checked against the tables, with a suggestion for a slip of the fingers. */
import { parseArgs } from "node:util";
import { findNearest } from "../lib/nearest.ts";
import { COMMAND_ROWS, ENDING_OPTIONS } from "./commands.ts";
import { UsageError } from "./error.ts";
import type { Option } from "./option.ts";
import { OPTION_ROWS } from "./options.ts";

/** A command line, split. */
export interface Typed {
  /** The values of each flag by its name, in order; a switch has "true". */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
}

/** Every option there is, the commands' own and the ending ones among them. */
const ALL: ReadonlyMap<string, Option> = new Map(
  [...OPTION_ROWS.map(([, row]) => row), ...COMMAND_ROWS.flatMap(([, { options }]) => options), ...ENDING_OPTIONS].map(
    (row): [string, Option] => [row.name, row],
  ),
);

const SHORT: ReadonlyMap<string, string> = new Map(ENDING_OPTIONS.map(({ name, short }) => [short, name]));

/** `, did you mean X?`, or where to look. */
export function toAdvice(nearest: string | undefined): string {
  return nearest === undefined ? "see claude-max-api --help" : `did you mean ${nearest}?`;
}

/** Node reads `--env-file` too, wherever it stands, and applies its NODE_OPTIONS before this program runs. */
const ENV_FILE =
  "Cannot use --env-file, which Node takes for itself: it is --variables now; a service needs install once more";

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** One flag with its value. @throws UsageError. */
function readToken({ name, rawName, value, inlineValue }: OptionToken): readonly [string, string] {
  const option = ALL.get(name);
  if (name === "env-file") throw new UsageError(ENV_FILE);
  if (option === undefined) {
    const nearest = rawName.startsWith("--") ? findNearest(name, [...ALL.keys()]) : undefined;
    throw new UsageError(
      `Cannot use ${rawName}: there is no such option; ${toAdvice(nearest === undefined ? undefined : `--${nearest}`)}`,
    );
  }
  if (option.kind === "switch") {
    if (inlineValue) throw new UsageError(`Cannot use ${rawName}=${value}: it takes no value`);
    return [name, "true"];
  }
  // A flag where its value should be is a forgotten value; one that does begin with a dash can be given after "=".
  if (value === undefined || (!inlineValue && /^-./.test(value)))
    throw new UsageError(`Cannot use ${rawName}: it needs a value, ${option.hint}`);
  return [name, value];
}

/** Splits the command line. @throws UsageError for a flag that does not exist, or lacks its value. */
export function readTyped(args: readonly string[]): Typed {
  const options = Object.fromEntries(
    [...ALL].map(([name, { kind }]) => [
      name,
      { type: kind === "switch" ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  for (const [short, name] of SHORT) options[name] = { type: "boolean", short } as (typeof options)[string];
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const flags = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const [name, value] = readToken(token);
    flags.set(name, [...(flags.get(name) ?? []), value]);
  }
  return { flags, words: positionals };
}
