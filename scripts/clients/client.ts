/** The clients that are run: what an agent and an SDK have in common, and what is told of each. */

/** A way to ask for an answer. */
export type Protocol = "chat" | "responses" | "messages" | "ollama";

/** A client whose turns are not all found ready from the second on. */
export interface Exception {
  /** The number, from 1, of the turn from which on they are; absent when none is. */
  readonly from?: number;
  /** The cause, as the table has it. */
  readonly why: string;
}

interface Common {
  readonly name: string;
  /** Its word for `connect`, or the recipe that it follows; for a recipe there is none of, a word of its own. */
  readonly id: string;
  readonly protocol: Protocol;
  /** Packages at their pinned versions, the client itself first; none for what the checkout has anyway. */
  readonly packages: readonly string[];
  /** Prompts of its task; two unless told. */
  readonly prompts?: number;
  readonly exception?: Exception;
}

/** Words and surroundings of one prompt for an agent. */
export interface Call {
  /** The client's home, in which `connect` was run. */
  readonly home: string;
  /** The server's address. */
  readonly url: string;
  readonly prompt: string;
  /** Goes on from the prompt before. */
  readonly isNext: boolean;
}

/** A program with a shell tool, run without a terminal once for each prompt. */
export interface Agent extends Common {
  readonly type: "agent";
  /** The executable below `node_modules/.bin`, or a path. */
  readonly file: string;
  /** Files of its home that are there before `connect`: settings that a run without a terminal needs. */
  readonly files?: Readonly<Record<string, string>>;
  /** Variables that no settings file has a place for. */
  toEnvironment?(call: Call): Readonly<Record<string, string>>;
  toArgs(call: Call): readonly string[];
  /** The file of variables that `connect` has written, to be read before. */
  readonly variables?: string;
}

/** A library, driven by a script of `scripts/clients/sdk` that has a shell tool and all prompts in one process. */
export interface Sdk extends Common {
  readonly type: "sdk";
  /** The script's name without its ending. */
  readonly script: string;
  /** The script's word for one of several ways; the protocol unless told. */
  readonly mode?: string;
  /** The recipe whose variables it is started with; none when the script has the settings itself. */
  readonly variables?: string;
}

/** One row of the table. */
export type Client = Agent | Sdk;

/** Surroundings of a client while it is run. */
export interface Setting {
  readonly home: string;
  /** An empty folder of its home that it works in. */
  readonly cwd: string;
  /** The server's address. */
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A client that has been set up and takes prompts, one after the other. */
export interface Dialogue {
  /** Gives what went wrong, if anything, once the prompt is answered. */
  ask(prompt: string): Promise<string | undefined>;
  /** Has `connect` put back what was there before; gives what went wrong, if anything. None for a library. */
  undo?(): string | undefined;
  /** Ends the program that waits for prompts, if there is one. */
  end(): void;
}

/** The model that all are asked to use. */
export const MODEL = "claude-sonnet-4";

/** Longest wait for one prompt's answer. */
export const PATIENCE_MS = 250_000;

/** The end of a client's output, as far as a result shows it. */
export const toTail = (output: string): string => output.trim().slice(-600);
