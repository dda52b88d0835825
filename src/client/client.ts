/** The words of the table of clients. Pure and without Node's modules: the status page is built from it too. */

/** A value of a settings file. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** A step into a settings file: a key, or the item of a list whose `key` is `is`. */
export type Step = string | { readonly key: string; readonly is: string };

/**
 * The conditions of an edit:
 * - `absent`: only where nothing stands yet, such as a file's version
 * - `chosen`: a default of the client's. All of a client's are made together: where none of them stands yet, or when a
 *   model was asked for by name
 * - `listed`: only into a list that is there already, such as one of allowed models
 */
export type Condition = "absent" | "chosen" | "listed";

/** One place of a settings file and the value that is to stand there. */
export interface Edit {
  readonly path: readonly Step[];
  readonly value: Value;
  /** Without one, the edit is always made. */
  readonly when?: Condition;
  /** Members of the value that the client itself writes anew at will, such as a date of last use. */
  readonly volatile?: readonly string[];
}

/** A model to offer; its limits, in tokens, are absent while they are not known. */
export interface OfferedModel {
  readonly id: string;
  readonly contextTokens?: number;
  readonly outputTokens?: number;
}

/** The server as a client is to know it. */
export interface Place {
  /** The address without a path, such as `http://localhost:3456`. */
  readonly origin: string;
  /** The key itself; any text where the server asks for none. */
  readonly key: string;
  /** The private file that holds the key, for clients that can refer to one; undefined where no key is asked for. */
  readonly keyFile?: string;
  /** True where the client runs on Windows, whose shell has words of its own. */
  readonly isWindows?: boolean;
  /** The model to begin with; one of `models`. */
  readonly model: string;
  /** True when the user has named that model. */
  readonly isChosen: boolean;
  readonly models: readonly OfferedModel[];
}

/** The machine that a client runs on. Paths are joined with `/`, which Windows takes too. */
export interface Machine {
  readonly home: string;
  readonly platform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The syntax of a settings file; `json` is read with comments and as JSON5, and written as JSON. */
export type Format = "json" | "yaml" | "toml";

/** A client that reads a settings file of the user's. */
export interface FileSetup {
  readonly type: "file";
  readonly format: Format;
  /** The usual path, as people write it. */
  readonly where: string;
  /** Absolute paths, the preferred first: the first that is there is taken, else the first. */
  toPaths(machine: Machine): readonly string[];
  toEdits(place: Place): readonly Edit[];
}

/** A client that is started with a file of this program's own, in the state folder. */
export interface OwnSetup {
  readonly type: "own";
  readonly file: string;
  readonly where: string;
  toText(place: Place): string;
}

/** A client that is set up by hand: a command, or steps. */
export interface TextSetup {
  readonly type: "text";
  readonly where: string;
  toText(place: Place): string;
}

/** One client: a row of the table. */
export interface Client {
  /** The word for it on the command line: lower case, digits and dashes. */
  readonly id: string;
  readonly name: string;
  /** Commands or applications by whose presence it is found; none for what is never looked for. */
  readonly commands: readonly string[];
  readonly setup: FileSetup | OwnSetup | TextSetup;
  /** A line to start it with, or the next step, once it is set up. `file` is the one that was written. */
  toNext?(place: Place, file: string): string;
  /** False for a recipe that is shown, but is no client to connect. */
  readonly isConnectable: boolean;
}

/** The name of this program's entry in clients' files. */
export const ENTRY = "claude-max-api";

/** Limits for clients that want some, while the true ones are not known: no model of Claude takes less. */
export const LEAST_LIMITS = { contextTokens: 200_000, outputTokens: 32_000 } as const;

/** The model to begin with. */
export function toFirst({ models, model }: Place): OfferedModel {
  return models.find(({ id }) => id === model) ?? { id: model };
}

/** Lines of a text. */
export const lines = (...texts: readonly string[]): string => texts.join("\n");

/** Text in single quotes for a POSIX shell, or as it is where that is safe. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The key in a line for a shell: read from its file, so that the line can be shown and kept. */
export function toShellKey({ key, keyFile }: Place): string {
  return keyFile === undefined ? quote(key) : `"$(cat ${quote(keyFile)})"`;
}

/** The command that prints the key's file. */
export function toKeyCommand(keyFile: string, isWindows = false): [string, ...string[]] {
  return isWindows ? ["cmd", "/c", "type", keyFile] : ["cat", keyFile];
}

/** The same as a line for the system's own shell. */
export function toKeyLine(keyFile: string, isWindows = false): string {
  return isWindows ? `type "${keyFile}"` : `cat ${quote(keyFile)}`;
}

/** The folder of settings that follow the XDG rules. */
export function toConfigHome({ home, environment }: Machine): string {
  return environment["XDG_CONFIG_HOME"] || `${home}/.config`;
}
