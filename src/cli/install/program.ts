/** The CLI's program file: found once, checked, and looked at anew when it was missing or has been replaced. */
import { stat } from "node:fs/promises";
import { toProxyError } from "../../core/error.ts";
import type { ProxyError } from "../../core/error.ts";
import { findClaude, readVersion } from "./find.ts";
import type { FindOptions } from "./find.ts";

/** A CLI that can be used. */
export interface Found {
  readonly path: string;
  readonly version: string;
}

/** The user's CLI. */
export interface Program {
  /** Looks for the CLI, once. @throws ProxyError `unavailable` when it is missing or too old. */
  ready(): Promise<Found>;
  /**
   * Identity of its file now: changes whenever it is replaced or written, which also makes `ready` look again. Never
   * rejects.
   */
  identify(): Promise<string>;
  /** Settles once it is not being looked for. Never rejects. */
  settled(): Promise<void>;
  /** The CLI that was found last, if any. */
  readonly found: Found | undefined;
  /** The reason for which it cannot be used, if so. */
  readonly problem: ProxyError | undefined;
}

/** Places and surroundings of the CLI. */
export interface ProgramOptions {
  readonly find: FindOptions;
  /** Working directory in which it is asked for its version. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the look at it. */
  readonly signal: AbortSignal;
  /** Called with each CLI that was found, before it is used. */
  readonly onFound: (found: Found) => Promise<void>;
}

/** A CLI that could not be used is looked for again after this: the user may have mended it. */
const RECHECK_MS = 5000;

/** Of the file, or of the one that its link points to; "" for a missing file. */
async function readIdentity(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  return stats ? [stats.dev, stats.ino, stats.size, stats.mtimeMs].join(":") : "";
}

/** Prepares the search; nothing is run before `ready`. */
export function createProgram({ find, cwd, env, signal, onFound }: ProgramOptions): Program {
  let looking: Promise<Found> | undefined;
  let found: Found | undefined;
  let problem: ProxyError | undefined;
  let identity = "";

  async function look(): Promise<Found> {
    try {
      const path = await findClaude(find);
      const version = await readVersion({ file: path, cwd, env, signal });
      await onFound({ path, version });
      problem = undefined;
      identity = await readIdentity(path);
      return (found = { path, version });
    } catch (error) {
      problem = toProxyError(error);
      setTimeout(() => (looking = undefined), RECHECK_MS).unref();
      throw problem;
    }
  }

  return {
    ready: () => (looking ??= look()),
    async identify() {
      // An update may be under way: a file that is missing for a moment has not changed yet.
      const now = found ? await readIdentity(found.path) : "";
      if (now === "" || now === identity) return identity;
      looking = undefined;
      return (identity = now);
    },
    async settled() {
      await looking?.catch(() => undefined);
    },
    get found() {
      return found;
    },
    get problem() {
      return problem;
    },
  };
}
