/** Changes to files that can be taken back, so that a failed install leaves everything as it was. */
import { mkdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Files changed so far. */
export interface Changes {
  /** Makes a folder, and those above it, private to the user. */
  addFolder(path: string): Promise<void>;
  /** Replaces a file in one move, so that no reader ever sees a part of it. Private from its first byte. */
  replaceFile(path: string, text: string, encoding: "utf8" | "utf16le"): Promise<void>;
  /** Takes all changes back, the last first. A folder that is not empty stays. */
  undo(): Promise<void>;
}

async function write(path: string, bytes: string | Buffer, encoding: "utf8" | "utf16le"): Promise<void> {
  const next = `${path}.${process.pid}.new`;
  try {
    await writeFile(next, bytes, { encoding, mode: 0o600, flag: "wx" });
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}

/** The folders from `path` up to `first`, the innermost first. */
function toChain(path: string, first: string): string[] {
  const chain = [path];
  while (chain.at(-1) !== first && chain.at(-1) !== dirname(chain.at(-1) ?? ""))
    chain.push(dirname(chain.at(-1) ?? ""));
  return chain;
}

/** Begins with no change. */
export function createChanges(): Changes {
  const undos: (() => Promise<void>)[] = [];

  async function addFolder(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    undos.push(async () => {
      for (const folder of toChain(path, first)) await rmdir(folder).catch(() => undefined);
    });
  }

  return {
    addFolder,
    async replaceFile(path, text, encoding) {
      await addFolder(dirname(path));
      const before = await readFile(path).catch(() => undefined);
      await write(path, text, encoding);
      undos.push(() => (before === undefined ? rm(path, { force: true }) : write(path, before, "utf8")));
    },
    async undo() {
      for (const undo of undos.splice(0).toReversed()) await undo();
    },
  };
}
