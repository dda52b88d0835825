/** An option as a row of a table, and the readers that turn its text into a value. */
import { join, resolve } from "node:path";
import { UsageError } from "./error.ts";

/** Surroundings that a reader may look at besides the text. */
export interface ReadContext {
  /** The option as the user writes it, such as `--port`. */
  readonly flag: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The user's home folder. */
  readonly home: string;
  /** Memory that programs can still have. */
  readonly freeBytes: number;
}

/**
 * The value of an option. `texts` holds what was given, in order (a variable is one text), or the default, or nothing.
 * @throws UsageError.
 */
export type Reader<Value> = (texts: readonly string[], context: ReadContext) => Value;

/**
 * - `switch`: no value; as a variable `0` and `false` mean no
 * - `value`: one value; the last one given counts
 * - `list`: may be repeated, and holds several values separated by commas
 * - `path`: a value or a list that names files or folders; shells complete them, a service is given them absolute
 * - `address`: a value that may name a socket, likewise
 * - `secret`: a list that no service's command line may show
 * - `source`: the file of variables; a service has its own
 */
export type OptionKind = "switch" | "value" | "list" | "path" | "address" | "secret" | "source";

/** One row. Flag, variable, help, completion, service flags and the README's table all follow from it. */
export interface Option<Value = unknown> {
  /** Of the flag, without dashes; the variable is `CLAUDE_MAX_API_NAME`. */
  readonly name: string;
  /** The value's name in the help; a switch has none. */
  readonly hint?: string;
  /** One line, without the default. */
  readonly help: string;
  /** Further words for the README's table, in Markdown. */
  readonly more?: string;
  /** Read as if it had been typed; without one the reader gets no text. */
  readonly default?: string;
  /** Words for the default where there is none to read, such as "found". */
  readonly shown?: string;
  readonly kind: OptionKind;
  /** The values there are, for completion. */
  readonly values?: readonly string[];
  /** For a value of the form `NAME=TARGET`: the targets there are, for completion. */
  readonly targets?: readonly string[];
  readonly read: Reader<Value>;
}

/** The option's environment variable. */
export function toVariableName(name: string): string {
  return `CLAUDE_MAX_API_${name.replaceAll("-", "_").toUpperCase()}`;
}

/** The option's default in words. */
export function toDefaultWords({ default: text, shown }: Option): string {
  return text ?? shown ?? "none";
}

/** The text given last. @throws UsageError when it is blank. */
export function toLast(texts: readonly string[], { flag }: ReadContext): string | undefined {
  const text = texts.at(-1);
  if (text?.trim() === "") throw new UsageError(`Cannot use ${flag}: its value is blank`);
  return text;
}

/** Reads a switch. */
export const toSwitch: Reader<boolean> = (texts) => {
  const text = texts.at(-1);
  return text !== undefined && text !== "false" && text !== "0";
};

/** Makes a reader of whole numbers from `least` to `most`. */
export function toWhole(least: number, most: number): Reader<number> {
  return (texts, { flag }) => {
    const text = texts.at(-1) ?? "";
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new UsageError(`Cannot use ${flag} ${text}: expected a whole number from ${least} to ${most}`);
  };
}

/** Makes a reader that takes one of `values`. */
export function toChoice<Value extends string>(values: readonly Value[]): Reader<Value> {
  return (texts, { flag }) => {
    const text = texts.at(-1);
    const value = values.find((known) => known === text);
    if (value !== undefined) return value;
    throw new UsageError(`Cannot use ${flag} ${text}: expected one of ${values.join(", ")}`);
  };
}

/** A path made absolute from the current folder; `~/` is the home folder. */
export function toFullPath(text: string, home: string): string {
  return text === "~" || text.startsWith("~/") ? join(home, text.slice(1)) : resolve(text);
}

/** Reads a path, made absolute from the current folder; `~/` is the home folder. The option needs a default. */
export const toPath: Reader<string> = (texts, context) => toFullPath(toLast(texts, context) ?? "", context.home);

/** The same for an option without a default. */
export const toOptionalPath: Reader<string | undefined> = (texts, context) => {
  const text = toLast(texts, context);
  return text === undefined ? undefined : toFullPath(text, context.home);
};

/** Reads paths, repeated or separated by commas. @throws UsageError when one is blank. */
export const toPaths: Reader<readonly string[]> = (texts, context) => {
  toLast(texts, context);
  return toList(texts, context).map((text) => toFullPath(text, context.home));
};

/** Reads a list: repeated, or separated by commas. Blank entries are dropped. */
export const toList: Reader<readonly string[]> = (texts) =>
  texts
    .flatMap((text) => text.split(","))
    .map((text) => text.trim())
    .filter((text) => text !== "");
