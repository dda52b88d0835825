/**
 * A folder of short-lived private files that several programs share: each keeps its own alive, and leftovers are swept.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { joinSmall } from "./slice.ts";
import type { Parts } from "./slice.ts";

/** One file, which need not exist yet. */
export interface ScratchFile {
  /** Absolute if the folder is. */
  readonly path: string;
  /**
   * Writes the whole file, given in parts, which only this user can read.
   * @throws the system's error, also when it exists already.
   */
  write(text: Parts): Promise<void>;
  /**
   * Deletes the file. Safe to call twice, and before it was written. Never rejects: what cannot be deleted is left to a
   * later sweep.
   */
  remove(): Promise<void>;
}

/** The short-lived files of one program. */
export interface Scratch {
  /** Chooses a new name; nothing is on disk before `write`. */
  create(): ScratchFile;
  /**
   * Deletes the files of programs that have died, after watching for `watchMs`. Folders and other names stay. Never
   * rejects.
   */
  sweep(): Promise<void>;
}

/** Folder and names of the files. */
export interface ScratchOptions {
  /** Made when it is needed, with mode 0700. */
  readonly folder: string;
  /** End of every name, with its dot; a sweep takes no other. */
  readonly ending: string;
  /** Time, in milliseconds, in which the owner of a file gives a sign of life; 10 s unless told. */
  readonly watchMs?: number;
}

const WATCH_MS = 10_000;
/** Signs of life within one watch: a busy machine may miss all but one. */
const BEATS_PER_WATCH = 10;

/** The time at which a file was last touched, in milliseconds; undefined for what is gone or no plain file. */
async function readTouch(path: string): Promise<number | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() ? stats.mtimeMs : undefined;
}

/**
 * Makes the files of this program. A living owner touches its files again and again; a file that nobody touches during
 * a whole watch has lost its owner. A process id could not tell: it is used again, and in a container it is always 1.
 * Nor could a time: clocks of two machines differ, and a suspended owner gives no sign.
 */
export function createScratch({ folder, ending, watchMs = WATCH_MS }: ScratchOptions): Scratch {
  const live = new Set<string>();
  let beating: NodeJS.Timeout | undefined;

  function beat(): void {
    const now = new Date();
    // A file that is gone needs no sign.
    for (const path of live) utimes(path, now, now).catch(() => undefined);
  }

  function keepAlive(path: string): void {
    live.add(path);
    beating ??= setInterval(beat, watchMs / BEATS_PER_WATCH).unref();
  }

  function letGo(path: string): void {
    live.delete(path);
    if (live.size > 0) return;
    clearInterval(beating);
    beating = undefined;
  }

  async function write(path: string, text: Parts): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    keepAlive(path);
    try {
      await writeFile(path, joinSmall(text), { mode: 0o600, flag: "wx" });
    } catch (error) {
      await remove(path);
      throw error;
    }
  }

  async function remove(path: string): Promise<void> {
    letGo(path);
    await rm(path, { force: true }).catch(() => undefined);
  }

  return {
    create() {
      const path = join(folder, `${randomUUID()}${ending}`);
      return { path, write: (text) => write(path, text), remove: () => remove(path) };
    },
    async sweep() {
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(ending));
      const paths = names.map((name) => join(folder, name));
      const touches = await Promise.all(paths.map(readTouch));
      if (touches.every((touch) => touch === undefined)) return;
      await delay(watchMs);
      await Promise.all(
        paths.map(async (path, at) => {
          const touch = touches[at];
          if (touch !== undefined && touch === (await readTouch(path))) await rm(path).catch(() => undefined);
        }),
      );
    },
  };
}
