/** Edits of TOML files by position: keys at the top, and whole tables. Source: https://toml.io/en/v1.0.0 */
import { parse, TomlError } from "smol-toml";
import type { Step, Value } from "../../../client/client.ts";
import { formatTomlKey, formatTomlTable, formatTomlValue } from "../../../client/format.ts";
import { applySplices, EditError, formatPath, toBreak } from "./edit.ts";
import type { Editor, Splice } from "./edit.ts";

/** A line that says something: the head of a table, or a key with its value. */
interface Statement {
  readonly from: number;
  /** The end of the statement, before a comment on its line. */
  readonly to: number;
  readonly path: readonly string[];
  /** The beginning of a key's value; undefined for a table. */
  readonly valueFrom?: number;
}

const BLANK = /(?:\s|#[^\n]*)*/y;
const KEY = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w-]+/y;
/** The pieces of a value: texts, comments, brackets, and all else up to one of them. */
const PIECE = new RegExp(
  [
    /"""(?:[^\\]|\\[^])*?"""(?:"{1,2})?/,
    /'''[^]*?'''(?:'{1,2})?/,
    /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/,
    /#[^\n]*|[[\]{}]|[^"'#[\]{}\n]+|\n/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "y",
);

/** The statements of a text that is known to be TOML. */
function readStatements(text: string): Statement[] {
  const statements: Statement[] = [];
  let at = text.startsWith("\uFEFF") ? 1 : 0;

  function take(pattern: RegExp): string {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  }

  function readPath(): string[] {
    const keys: string[] = [];
    do {
      take(/[ \t]*/y);
      const key = take(KEY);
      keys.push(/^["']/.test(key) ? String(Object.keys(parse(`${key}=0`))[0]) : key);
      take(/[ \t]*/y);
    } while (text[at] === "." && at++ >= 0);
    return keys;
  }

  /** @returns the place behind the value, without blanks. */
  function skipValue(): number {
    let level = 0;
    for (let end = at; ; end = at) {
      const piece = take(PIECE);
      if (piece === "" || (level === 0 && /^[\n#]/.test(piece))) {
        at = end;
        return text.slice(0, end).trimEnd().length;
      }
      if (/^[[{]$/.test(piece)) level++;
      else if (/^[\]}]$/.test(piece)) level--;
    }
  }

  for (take(BLANK); at < text.length; take(BLANK)) {
    const from = at;
    if (text[at] === "[") {
      take(/\[+/y);
      const path = readPath();
      take(/\]+/y);
      statements.push({ from, to: at, path });
    } else {
      const path = readPath();
      take(/=[ \t]*/y);
      const valueFrom = at;
      statements.push({ from, path, valueFrom, to: skipValue() });
    }
  }
  return statements;
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((key, at) => key === b[at]);

/** Puts a key into a file without any at its top: above the first table and the comments that belong to it. */
function insertAtTop(text: string, table: Statement | undefined, pair: string): Splice {
  const line = toBreak(text);
  if (!table) {
    const start = text === "" || text.endsWith("\n") ? "" : line;
    return { from: text.length, to: text.length, text: start + pair };
  }
  // Whole lines; those of comments right above the table stay with it.
  const above = text.slice(0, table.from).split("\n").slice(0, -1);
  const kept = above.slice(0, above.findLastIndex((held) => !held.startsWith("#")) + 1);
  const mark = text.startsWith("\uFEFF") ? 1 : 0;
  const at = Math.max(
    mark,
    kept.reduce((length, held) => length + held.length + 1, 0),
  );
  return { from: at, to: at, text: pair + line };
}

/** Sets a key at the top of the file, where it is or behind the last one. */
function setPair(text: string, statements: readonly Statement[], key: string, value: Value): Splice {
  const first = statements.findIndex(({ valueFrom }) => valueFrom === undefined);
  const top = first === -1 ? statements : statements.slice(0, first);
  const found = top.find(({ path }) => isSame(path, [key]));
  if (found?.valueFrom !== undefined) return { from: found.valueFrom, to: found.to, text: formatTomlValue(value) };
  const pair = `${formatTomlKey(key)} = ${formatTomlValue(value)}${toBreak(text)}`;
  const last = top.at(-1);
  if (!last) return insertAtTop(text, statements[0], pair);
  const end = text.indexOf("\n", last.to);
  return end === -1
    ? { from: text.length, to: text.length, text: toBreak(text) + pair }
    : { from: end + 1, to: end + 1, text: pair };
}

/** Sets a whole table: in the place of the one that is there, with those below it, or at the end of the file. */
function setTable(text: string, statements: readonly Statement[], path: readonly string[], table: object): Splice {
  const line = toBreak(text);
  const body = formatTomlTable(path, table as { readonly [key: string]: Value }).join(line);
  const isOurs = ({ path: held }: Statement): boolean => isSame(held.slice(0, path.length), path);
  const from = statements.findIndex((held) => held.valueFrom === undefined && isOurs(held));
  const begin = statements[from];
  if (!begin) {
    const gap = text.trim() === "" ? "" : text.endsWith("\n") ? line : line + line;
    return { from: text.length, to: text.length, text: gap + body + line };
  }
  const rest = statements.slice(from + 1);
  const length = rest.findIndex((held) => held.valueFrom === undefined && !isOurs(held));
  const last = (length === -1 ? rest : rest.slice(0, length)).at(-1) ?? begin;
  return { from: begin.from, to: last.to, text: body };
}

/** The editor of TOML files. */
export const TOML_EDITOR: Editor = {
  parse(text) {
    try {
      return text.trim() === "" ? undefined : parse(text.replace(/^\uFEFF/, ""));
    } catch (error) {
      if (error instanceof TomlError)
        throw new EditError(`line ${error.line}: ${error.message.split("\n")[0] ?? "it is not TOML"}`);
      throw error;
    }
  },
  set(text, path, value) {
    TOML_EDITOR.parse(text);
    const keys = path.filter((step: Step) => typeof step === "string");
    const [key] = keys;
    if (keys.length !== path.length || key === undefined)
      throw new EditError(`${formatPath(path)}: lists are not edited`);
    const statements = readStatements(text);
    const isTable = typeof value === "object" && !Array.isArray(value);
    if (isTable) return applySplices(text, [setTable(text, statements, keys, value)]);
    if (keys.length > 1) throw new EditError(`${formatPath(path)}: only keys at the top are edited`);
    return applySplices(text, [setPair(text, statements, key, value)]);
  },
};
