/** Files of `NAME=VALUE` lines that hold secrets: read only when they are private, written so that they are. */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";

/** Values by the names of their variables. */
export type Variables = Readonly<Record<string, string>>;

const LINE = /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/;

/**
 * Reads `NAME=VALUE` lines: blank lines and `#` lines are skipped, one pair of quotes around a value is dropped.
 * @throws Error naming the line.
 */
export function parseVariables(text: string): Variables {
  const pairs = text.split(/\r?\n/).flatMap((line, at): (readonly [string, string])[] => {
    const plain = line.trim();
    if (plain === "" || plain.startsWith("#")) return [];
    const [, name, value] = LINE.exec(plain) ?? [];
    if (name === undefined || value === undefined) throw new Error(`line ${at + 1} is not NAME=VALUE`);
    return [[name, /^(["'])(.*)\1$/.exec(value)?.[2] ?? value]];
  });
  return Object.fromEntries(pairs);
}

/**
 * Sets `variables` in a file's text: a line that sets one is replaced in its place, the others are added at the end.
 * Comments stay.
 */
export function mergeVariables(text: string, variables: Variables): string {
  const missing = new Map(Object.entries(variables));
  const lines = text.split("\n").map((line) => {
    const name = LINE.exec(line.trim())?.[1];
    const value = name === undefined ? undefined : missing.get(name);
    if (name === undefined || value === undefined) return line;
    missing.delete(name);
    return `${name}=${value}`;
  });
  while (lines.at(-1) === "") lines.pop();
  return [...lines, ...[...missing].map(([name, value]) => `${name}=${value}`), ""].join("\n");
}

/**
 * Reads a file that only its owner can read; Windows keeps a user's folder private by itself. @throws Error that says
 * why not.
 */
export function readPrivateVariables(path: string): Variables {
  const file = openSync(path, "r");
  try {
    // Of the open file, not of its name: a name can be moved between a look and a read.
    const { mode } = fstatSync(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw new Error(`others can read it. Run chmod 600 ${path}`);
    return parseVariables(readFileSync(file, "utf8"));
  } finally {
    closeSync(file);
  }
}
